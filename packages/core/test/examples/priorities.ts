import { mail, producer } from "./queues.ts";

/** 1 is the most urgent. Give all jobs of a queue a priority, or none: jobs without one run before all that have one. */
export async function sendUrgentFirst(): Promise<void> {
  await producer.enqueue(mail, { to: "everybody" }, { priority: 100 });
  await producer.enqueue(mail, { to: "the one who forgot a password" }, { priority: 1 });
}
