import { appendFileSync } from "node:fs";
import type { JobContext } from "headgate/worker";
import type { Poison } from "./queue.ts";

const ARRAYS = 256;
const NUMBERS = 1_048_576;

/** Runs in a sandbox and does to its process what it is told. Every start leaves a line. */
export default async function poison({ kind }: Poison, { job }: JobContext): Promise<string> {
  appendFileSync(process.env["CHAOS_STARTS"] ?? "", `${job.id}\n`);
  if (kind === "exit") process.exit(3);
  if (kind === "loop") for (;;);
  if (kind === "memory") {
    const held: unknown[] = [];
    // 2 GB on the heap, in pieces that are not shared.
    while (held.length < ARRAYS) held.push(Array.from({ length: NUMBERS }, (_, index) => index + held.length));
  }
  return kind;
}
