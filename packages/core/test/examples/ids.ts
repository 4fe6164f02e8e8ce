import { mail, producer } from "./queues.ts";

/** However often it is called for an order: one mail. */
export async function confirm(order: { id: string; buyer: string }): Promise<"sent" | "was sent before" | "no room"> {
  const options = { id: `confirm-${order.id}`, onPressure: "refuse" } as const;
  const result = await producer.enqueue(mail, { to: order.buyer }, options);
  if (!result.accepted) return "no room";
  return result.duplicate ? "was sent before" : "sent";
}

/** Killed half-way and started again from the first one: nobody gets two. */
export async function sendOnce(people: Iterable<{ to: string }>): Promise<number> {
  let added = 0;
  for await (const result of producer.enqueueMany(mail, people, { id: ({ to }) => `news-${to}` }))
    if (result.accepted && !result.duplicate) added++;
  return added;
}
