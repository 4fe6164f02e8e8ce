import { setTimeout } from "node:timers/promises";
import { createProducer, type Producer, type RefusalReason } from "headgate/producer";
import { obey, orders, report } from "./child.ts";
import { type Command, define, type Wish } from "./protocol.ts";

const { url, definition, producers: count = 1 } = orders();
const { queue } = define(definition);
const producers = Array.from({ length: count }, () => createProducer({ connection: url }));

/** A refused producer asks again sooner than it is told to: the bound has to hold against those who do not listen. */
const IMPATIENT_MS = 20;

obey(
  async () => {
    await Promise.all(producers.map((producer) => producer.close()));
  },
  async (command) => {
    if (command.do === "enqueue") await enqueue(command);
  },
);
await Promise.all(producers.map((producer) => producer.status(queue)));
producers[0]?.on("level", (change) => report({ event: "level", change, at: Date.now() }));
report({ event: "ready" });

/** The wishes are dealt out to the producers; each enqueues its own one after the other. */
async function enqueue({ wishes, onPressure }: Extract<Command, { do: "enqueue" }>): Promise<void> {
  const accepted: string[] = [];
  const refusals: Partial<Record<RefusalReason, number>> = {};
  const thrown: string[] = [];
  const until = async (producer: Producer, { task, ...options }: Wish): Promise<void> => {
    for (;;) {
      const result = await producer.enqueue(queue, task, { ...options, onPressure });
      if (result.accepted) {
        accepted.push(result.id);
        return;
      }
      refusals[result.reason] = (refusals[result.reason] ?? 0) + 1;
      await setTimeout(Math.min(result.retryAfterMs, IMPATIENT_MS));
    }
  };
  await Promise.all(
    producers.map(async (producer, index) => {
      for (const wish of wishes.filter((_, at) => at % count === index)) {
        await until(producer, wish).catch((error: Error) => thrown.push(error.message));
      }
    }),
  );
  report({ event: "enqueued", accepted, refusals, thrown });
}
