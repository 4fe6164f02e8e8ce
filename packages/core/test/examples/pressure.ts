import { mail, producer } from "./queues.ts";

/** Answers at once: stored, or when to come back. */
export async function tryToSend(to: string): Promise<string> {
  const result = await producer.enqueue(mail, { to }, { onPressure: "refuse" });
  return result.accepted ? `stored as ${result.id}` : `${result.reason}: come back in ${result.retryAfterMs} ms`;
}

/** Waits, but not for ever, and no longer than the caller is there. */
export async function sendSoon(to: string, signal: AbortSignal): Promise<boolean> {
  const { accepted } = await producer.enqueue(mail, { to }, { timeout: "30s", signal });
  return accepted;
}
