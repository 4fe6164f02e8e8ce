import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { mail, producer } from "./queues.ts";

/** A file of any size, a job a line; it is read no faster than the jobs are admitted. */
export async function sendFile(path: string): Promise<void> {
  await pipeline(
    createInterface({ input: createReadStream(path) }),
    async function* (lines: AsyncIterable<string>) {
      for await (const to of lines) yield { to };
    },
    producer.writable(mail),
  );
}
