import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineLimiter, defineQueue, type Queue } from "headgate";
import { type Control, createControl, type QueueStatus } from "headgate/control";
import { createProducer, type Producer } from "headgate/producer";
import { Redis } from "ioredis";
import { expect, onTestFinished, vi } from "vitest";
import { type Running, startHeadgate } from "./headgate.ts";

export interface Work {
  readonly doc: string;
  readonly ms?: number;
  readonly kind?: string;
}

/** A killed process holds its jobs for 20 s, and processes start slowly on a busy machine. */
const FLEET_DEADLINE_MS = 80_000;

export interface Fleet extends Running {
  /** Of /healthz, /readyz and /metrics. */
  readonly url: string;
  status(path: string): Promise<number>;
  /** Until /readyz answers so. */
  ready(status?: number): Promise<void>;
  /** Its processes, as their `starting` lines tell. */
  pids(): number[];
}

/** On the tests' Redis, or on one of the test's own. */
export function fleetBench(redisUrl: string | undefined = process.env["REDIS_URL"], ran = ["work"]): Bench {
  if (!redisUrl) throw new Error("REDIS_URL is not set: run the tests with `npm test`");
  return new Bench(redisUrl, ran);
}

/** A queue of one test's own, seen from outside: what the fixture fleet.config.ts runs. */
class Bench {
  readonly namespace: string = `hg-fleet-${randomUUID().slice(0, 8)}`;
  readonly redisUrl: string;
  readonly starts: string;
  readonly queue: Queue<Work>;
  readonly producer: Producer;
  readonly control: Control;
  readonly redis: Redis;

  constructor(redisUrl: string, ran: readonly string[]) {
    this.redisUrl = redisUrl;
    this.ran = ran;
    this.starts = `${this.namespace}:starts`;
    const limiter = defineLimiter("fleet-api", { namespace: this.namespace, adaptive: false });
    this.queue = defineQueue<Work>("work", { limiter, attempts: 1 });
    this.producer = createProducer({ connection: redisUrl });
    this.control = createControl({ connection: redisUrl });
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    this.environment = { TEST_NAMESPACE: this.namespace, TEST_STARTS: this.starts, REDIS_URL: redisUrl };
    for (const part of [this.control, this.redis]) part.on("error", () => undefined);
    onTestFinished(async () => {
      await Promise.all([this.producer.close(), this.control.close()]);
      this.redis.disconnect();
    });
  }

  async start(...flags: string[]): Promise<Fleet> {
    const running = this.launch(...flags);
    const listening = await running.line("stderr", / listening /);
    const url = /url=(\S+)/.exec(listening)?.[1] ?? "";
    const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
    return {
      ...running,
      url,
      status,
      ready: (expected = 200) =>
        vi.waitFor(async () => expect(await status("/readyz")).toBe(expected), { timeout: 15_000, interval: 20 }),
      pids: () => pidsOf(running.seen()),
    };
  }

  launch(...flags: string[]): Running {
    const args = ["worker", ...this.ran, "--config", this.config, "--port", "0", ...flags];
    return startHeadgate(args, { environment: this.environment, deadlineMs: FLEET_DEADLINE_MS });
  }

  /** The queues of the fixture that the fleet runs; none: all. */
  readonly ran: readonly string[];

  /** The fixture. */
  config = "fleet.config.ts";

  /** More for the command's environment. */
  readonly environment: Record<string, string>;

  async enqueue(count: number, work: Partial<Work> = {}, from = 0): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `job-${from + index}`);
    await Promise.all(ids.map((id) => this.producer.enqueue(this.queue, { doc: id, ...work }, { id })));
    return ids;
  }

  counts = async (): Promise<QueueStatus["counts"]> => (await this.control.status(this.queue)).counts;

  until = (fits: (counts: QueueStatus["counts"]) => boolean, timeout = 15_000): Promise<void> =>
    vi.waitFor(
      async () => {
        const counts = await this.counts();
        if (!fits(counts)) throw new Error(JSON.stringify(counts));
      },
      { timeout, interval: 20 },
    );

  /** Files and sockets that a process holds. */
  openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

  /** How often each job was started. */
  async runs(): Promise<Map<string, number>> {
    const runs = new Map<string, number>();
    for (const line of await this.redis.lrange(this.starts, 0, -1)) {
      const id = line.split(":")[0] ?? "";
      runs.set(id, (runs.get(id) ?? 0) + 1);
    }
    return runs;
  }
}

const pidsOf = (stderr: string): number[] => [
  ...new Set(Array.from(stderr.matchAll(/ starting \w+ .*pid=(\d+)/g), ([, pid]) => Number(pid))),
];

/** One that has ended and waits for its parent to ask is not running. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
