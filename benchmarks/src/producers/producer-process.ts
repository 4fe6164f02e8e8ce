// One of many producers: some waiters that enqueue one job after the other, and every level change with the time it came.
import { createProducer } from "headgate/producer";
import { ordersOf, serve } from "../process/serve.ts";
import { clock } from "./clock.ts";
import { defined, type Setting } from "./queue.ts";

export interface Heard {
  readonly level: string;
  /** When it was decided. */
  readonly since: number;
  readonly at: number;
}

const { waiters, ...setting } = ordersOf<Setting & { readonly waiters: number }>();
const { queue } = defined(setting);
const producer = createProducer({ connection: setting.connection });
const heard: Heard[] = [];
const admitted: number[] = [];
const end = new AbortController();
producer.on("level", ({ level, since }) => heard.push({ level, since, at: clock() }));

async function enqueueOn(): Promise<void> {
  while (!end.signal.aborted) await enqueueOne();
}

async function enqueueOne(): Promise<void> {
  const { accepted } = await producer.enqueue(queue, null, { signal: end.signal });
  if (accepted) admitted.push(clock());
}

let loops: Promise<unknown>[] = [];

serve({
  ready: async () => {
    await producer.ready();
    await producer.enqueue(queue, null, { onPressure: "refuse" });
  },
  start: () => {
    loops = Array.from({ length: waiters }, () => enqueueOn().catch(() => undefined));
  },
  /** One enqueue, which is not waited for. */
  one: () => {
    loops = [enqueueOne()];
  },
  /** Since the last time that it was asked. */
  take: () => ({ heard: heard.splice(0), admitted: admitted.splice(0) }),
  close: async () => {
    end.abort();
    await Promise.all(loops);
    await producer.close();
  },
});
