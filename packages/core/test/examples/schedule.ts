import { mail, producer } from "./queues.ts";

/** Every process may say so at its start: an id is one schedule. */
export async function startSchedules(): Promise<void> {
  await producer.schedule(mail, "digest", { cron: "0 7 * * 1-5", tz: "Europe/Berlin" }, { to: "everybody" });
  await producer.schedule(mail, "heartbeat", { every: "1h" }, { to: "the operator" });
}

export async function stopHeartbeat(): Promise<boolean> {
  return producer.unschedule(mail, "heartbeat");
}
