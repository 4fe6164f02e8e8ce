import { setTimeout as sleep } from "node:timers/promises";
import type { Control } from "headgate/control";
import type { ApiControl } from "./api-control.ts";
import type { DepthWatch } from "./depth.ts";
import type { ApiReport, ProducerState } from "./messages.ts";
import type { Sections } from "./queue.ts";
import { type Second, type Stage, type View, viewOf } from "./view.ts";

const LOOK_EVERY_MS = 250;

export interface Followed {
  readonly processes: string;
  readonly queue: Sections;
  readonly control: Control;
  readonly api: ApiControl;
  readonly depth: DepthWatch;
  readonly firstCallAt: number;
  readonly totalMs: number;
}

/** Looks four times a second at the API, at Redis, at Headgate's status and at what the producer says of itself. */
export class Follower {
  readonly #followed: Followed;
  readonly #show: (view: View) => void;
  readonly #seconds: Second[] = [];
  #enqueuedBefore = 0;
  #stage: Stage = "running";
  #producer: ProducerState | undefined;

  constructor(followed: Followed, show: (view: View) => void) {
    this.#followed = followed;
    this.#show = show;
  }

  hear(producer: ProducerState): void {
    this.#producer = producer;
  }

  /** The producer is done: what it accepted is left. */
  drain(producer: ProducerState): void {
    this.#stage = "draining";
    this.#producer = producer;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.look();
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }

  async look(): Promise<void> {
    const { processes, queue, control, api, depth, firstCallAt, totalMs } = this.#followed;
    const [queueStatus, limiterStatus, report] = await Promise.all([
      control.status(queue),
      control.status(queue.limiter),
      api.report(),
    ]);
    const producer = this.#producer;
    if (producer === undefined) return;
    const now = Date.now();
    this.#remember((now - firstCallAt) / 1000, report, producer);
    this.#show(
      viewOf({
        processes,
        stage: this.#stage,
        now,
        firstCallAt,
        totalMs,
        depth: depth.depth,
        maxDepth: depth.maxDepth,
        capacity: queue.capacity,
        queue: queueStatus,
        limiter: limiterStatus,
        api: report,
        producer,
        seconds: this.#seconds,
      }),
    );
  }

  #remember(elapsedSeconds: number, { perSecond, lastSecond }: ApiReport, { enqueued }: ProducerState): void {
    while (this.#seconds.length < Math.floor(elapsedSeconds)) {
      const { depth } = this.#followed.depth;
      this.#seconds.push({ limit: perSecond, ...lastSecond, depth, enqueued: enqueued - this.#enqueuedBefore });
      this.#enqueuedBefore = enqueued;
    }
  }
}
