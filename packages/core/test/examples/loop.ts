import { mail, producer } from "./queues.ts";

/** As fast as the API behind the queue takes them: while there is no room, the next one waits. */
export async function sendTo(people: Iterable<string>): Promise<void> {
  for (const to of people) await producer.enqueue(mail, { to });
}

/** The same with up to 64 admissions on the way at once; answers come in order. */
export async function sendToMany(people: AsyncIterable<string>): Promise<number> {
  let stored = 0;
  const payloads = (async function* () {
    for await (const to of people) yield { to };
  })();
  for await (const result of producer.enqueueMany(mail, payloads)) if (result.accepted) stored++;
  return stored;
}
