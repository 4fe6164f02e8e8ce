import type { ProviderName } from "@headgate/hints";
import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker, type Processor } from "headgate/worker";
import { monitor } from "./monitor.ts";
import type { Space } from "./redis.ts";

export interface SeenEnding {
  readonly outcome: unknown;
  /**
   * What rides on it of the API's limits (lua/lib/hinted.lua); 0 for nothing. Resets as they were told, in whole seconds: they are
   * sent a few ms shorter, by the time since.
   */
  readonly hint: unknown;
  /** Since the call was sent (ms). */
  readonly ageMs: number;
}

type Counter = [unit: string, limit: number, remaining: number, resetMs: number, windowMs: number];

/** What a worker sent to Redis at the end of its only job, read off the wire. */
export async function endingOf(space: Space, processor: Processor, provider?: ProviderName): Promise<SeenEnding> {
  const limiter = defineLimiter("api", { namespace: space.namespace, ...(provider && { provider }) });
  const queue = defineQueue("q", { limiter, attempts: 1 });
  let found: (ending: unknown[]) => void = () => undefined;
  const seen = new Promise<unknown[]>((resolve) => {
    found = resolve;
  });
  const stop = await monitor(space.url, (args) => {
    if (!args.some((arg) => arg.includes(space.namespace))) return;
    const text = args.find((arg) => /^\[\d+,-?\d+,\[/.test(arg));
    if (text !== undefined) found(JSON.parse(text) as unknown[]);
  });
  try {
    space.use(createWorker(queue, processor, { connection: space.url }));
    await space.use(createProducer({ connection: space.url })).enqueue(queue, {});
    const ending = await seen;
    const rides = ending[8] as 0 | [ageMs: number, ...Counter[]];
    if (rides === 0) return { outcome: ending[5], hint: 0, ageMs: 0 };
    const [ageMs, ...counters] = rides;
    const told = (resetMs: number): number => (resetMs < 0 ? resetMs : Math.ceil(resetMs / 1_000) * 1_000);
    const hint = counters.map(([unit, limit, remaining, resetMs, windowMs]) => [
      unit,
      limit,
      remaining,
      told(resetMs),
      windowMs,
    ]);
    return { outcome: ending[5], hint, ageMs };
  } finally {
    await stop();
  }
}
