import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "headgate";
import { createWorker, throttled, type Worker } from "headgate/worker";
import { RETRY_AFTER_MS, type Scenario } from "./scenario.ts";

interface Start {
  readonly line: number;
  readonly place: number;
  readonly atMs: number;
}

/** The longest wait of a scenario is 9 s. */
const LATEST_MS = 30_000;

/** One worker a queue, and when each of their runs began. */
export class Crew {
  readonly #scenario: Scenario;
  readonly #workers: readonly Worker<number, void>[];
  readonly #starts: Start[] = [];
  readonly #again = new Set<number>();
  readonly #events = new EventEmitter<{ start: [] }>();
  readonly #call: () => void;

  constructor(scenario: Scenario, queues: readonly Queue<number, number>[], connection: string) {
    this.#scenario = scenario;
    this.#call = scenario.accepts === undefined ? () => undefined : apiOf(scenario.accepts);
    this.#workers = queues.map((queue, line) =>
      createWorker(queue, (place) => this.#run(line, place), {
        connection,
        concurrency: scenario.hands,
        autorun: false,
      }),
    );
  }

  /** Resolves when those work that are there from the start. */
  async start(): Promise<void> {
    const lines = this.#workers.map((worker, index) => ({ worker, joins: this.#scenario.lines[index]?.joinsAfter }));
    await Promise.all(lines.filter(({ joins }) => joins === undefined).map(({ worker }) => worker.run()));
    for (const { worker, joins } of lines) {
      if (joins !== undefined) void this.reached(joins).then(() => worker.run());
    }
  }

  /** Resolves when so many runs of the first queue have begun. */
  async reached(starts: number): Promise<void> {
    while (this.#starts.filter(({ line }) => line === 0).length < starts) await once(this.#events, "start");
  }

  /** When the first queue's job begins next; rejects when it does not within 30 s. */
  async startOf(place: number, from: number): Promise<number> {
    const signal = AbortSignal.timeout(LATEST_MS);
    for (;;) {
      const found = this.#starts.find((start) => start.line === 0 && start.place === place && start.atMs >= from);
      if (found !== undefined) return found.atMs;
      await once(this.#events, "start", { signal });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async #run(line: number, place: number): Promise<void> {
    this.#call();
    this.#starts.push({ line, place, atMs: performance.now() });
    this.#events.emit("start");
    await sleep(this.#scenario.runMs);
    if (line > 0 || this.#again.has(place)) return;
    this.#again.add(place);
    const ending = this.#scenario.ending?.(place) ?? "ok";
    if (ending === "fails") throw new Error("the API closed the connection");
    if (ending === "throttled") throw throttled({ retryAfterMs: RETRY_AFTER_MS });
  }
}

/** A token bucket; what it refuses it refuses without a hint. */
function apiOf(perSecond: number): () => void {
  const most = 10;
  let [left, at] = [most, performance.now()];
  return () => {
    const now = performance.now();
    left = Math.min(most, left + ((now - at) / 1_000) * perSecond);
    at = now;
    if (left < 1) throw throttled();
    left -= 1;
  };
}
