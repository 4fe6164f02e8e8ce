import type { ProviderName } from "@headgate/hints";
import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker, type Processor } from "headgate/worker";
import { monitor } from "./monitor.ts";
import type { Space } from "./redis.ts";

export interface SeenEnding {
  readonly outcome: unknown;
  /** What rides on it of the API's limits (lua/lib/hinted.lua); 0 for nothing. */
  readonly hint: unknown;
}

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
    return { outcome: ending[5], hint: ending[8] };
  } finally {
    await stop();
  }
}
