import { mail, producer } from "./queues.ts";

/** A code that is good for five minutes: later it need not be sent. */
export async function sendCode(to: string): Promise<"on its way" | "try another way"> {
  const { accepted } = await producer.enqueue(mail, { to }, { deadline: "5m", onPressure: "refuse" });
  return accepted ? "on its way" : "try another way";
}
