import { Queue as BullQueue } from "bullmq";
import { defineLimiter, defineQueue, type Limiter, type LimiterOptions, type Queue } from "headgate";
import { type Control, createControl } from "headgate/control";
import { createWorker } from "headgate/worker";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startPrivateRedis } from "../../../../scripts/redis.mjs";
import { useRedis } from "../support/redis.ts";

// Alone on its Redis: who is blocked there is a worker of this test.
let server: Awaited<ReturnType<typeof startPrivateRedis>>;
beforeAll(async () => {
  server = await startPrivateRedis();
});
afterAll(() => server.stop());
const space = useRedis(() => server.url);

const ROUNDS = 5;
const WORKERS = 3;
const FELT_WITHIN_MS = 250;

interface Round {
  readonly control: Control;
  readonly limiter: Limiter;
  readonly queue: Queue;
  /** Plain BullMQ's, because a paused queue admits nothing. */
  readonly add: () => Promise<unknown>;
  /** When jobs started, by `performance.now()`; a job that has started runs until the round is over. */
  readonly starts: readonly number[];
}

interface Lever {
  readonly what: string;
  readonly options: LimiterOptions;
  /** Makes the next job wait. */
  readonly hold: (round: Round) => Promise<unknown>;
  readonly pull: (round: Round) => Promise<void>;
}

const useUpWhatThereIs = async ({ add, starts }: Round): Promise<void> => {
  await add();
  await vi.waitFor(() => expect(starts).toHaveLength(1), { interval: 5 });
};

const levers: Lever[] = [
  {
    what: "resume(limiter)",
    options: {},
    hold: ({ control, limiter }) => control.pause(limiter, { reason: "look" }),
    pull: ({ control, limiter }) => control.resume(limiter),
  },
  {
    what: "resume(queue)",
    options: {},
    hold: ({ control, queue }) => control.pause(queue, { reason: "look" }),
    pull: ({ control, queue }) => control.resume(queue),
  },
  {
    what: "setLimits({ limits })",
    options: { limits: [{ unit: "requests", amount: 1, per: "1h" }] },
    hold: useUpWhatThereIs,
    pull: ({ control, limiter }) =>
      control.setLimits(limiter, { limits: [{ unit: "requests", amount: 1_000, per: "1s" }] }),
  },
  {
    what: "setLimits({ concurrency })",
    options: { concurrency: 1 },
    hold: useUpWhatThereIs,
    pull: ({ control, limiter }) => control.setLimits(limiter, { concurrency: 2 }),
  },
];

/** Until every worker blocks on BullMQ's marker: sleeping is what a lever has to end. */
async function asleep(): Promise<void> {
  await vi.waitFor(
    async () => {
      const clients = String(await space.client.client("LIST")).split("\n");
      expect(clients.filter((line) => line.includes("cmd=bzpopmin") && line.includes("flags=b"))).toHaveLength(WORKERS);
    },
    { timeout: 5_000, interval: 20 },
  );
}

/** One lever pulled once, on a limiter of its own. How long until the waiting job started. */
async function pullOnce({ options, hold, pull }: Lever, name: string): Promise<number> {
  const limiter = defineLimiter(name, { namespace: space.namespace, adaptive: false, ...options });
  const queue = defineQueue("q", { limiter });
  await using control = createControl({ connection: space.url });
  const bull = new BullQueue("q", { connection: { url: space.url }, prefix: limiter.prefix });
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const starts: number[] = [];
  const run = async (): Promise<void> => {
    starts.push(performance.now());
    await over;
  };
  const workers = Array.from({ length: WORKERS }, () =>
    createWorker(queue, run, { connection: space.url, concurrency: 5 }),
  );
  await Promise.all(workers.map((worker) => worker.ready()));
  const round = { control, limiter, queue, add: () => bull.add("job", {}), starts };
  try {
    await hold(round);
    await round.add();
    await asleep();
    const before = starts.length;
    const pulledAt = performance.now();
    await pull(round);
    await vi.waitFor(() => expect(starts).toHaveLength(before + 1), { timeout: 10_000, interval: 2 });
    return (starts[before] ?? Number.NaN) - pulledAt;
  } finally {
    end();
    await Promise.all([...workers.map((worker) => worker.close()), bull.close()]);
  }
}

describe("what an operator does is felt by sleeping workers at once", () => {
  it.each(levers)("$what", { timeout: 30_000 }, async (lever) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await pullOnce(lever, `api${round}`));
    console.log(`${lever.what} felt after ${times.map((ms) => ms.toFixed(1)).join(", ")} ms`);
    expect(Math.max(...times)).toBeLessThan(FELT_WITHIN_MS);
  });
});
