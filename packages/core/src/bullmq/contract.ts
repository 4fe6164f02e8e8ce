import { createRequire } from "node:module";
import { RedisQueueBackend } from "bullmq";
import { headgateError } from "../errors.ts";

/** A script as BullMQ exports it. */
export interface BullScript {
  readonly name: string;
  readonly content: string;
  readonly keys: number;
}

/** BullMQ has no `exports` map, and its ESM build cannot be imported by Node: its CJS scripts can. */
export const bullmqScripts: Readonly<Record<string, BullScript>> = createRequire(import.meta.url)(
  "bullmq/dist/cjs/scripts/index.js",
);

/**
 * The commands that Headgate composes with, and what it relies on: the number of keys, and the last argument that each
 * script reads (ours follow it).
 */
export const expectedScripts: Readonly<Record<string, { readonly keys: number; readonly args: number }>> = {
  addStandardJob: { keys: 9, args: 3 },
  addDelayedJob: { keys: 6, args: 3 },
  addPrioritizedJob: { keys: 9, args: 3 },
  addParentJob: { keys: 6, args: 3 },
  releaseParentIfNoPendingDependencies: { keys: 2, args: 3 },
  addJobScheduler: { keys: 11, args: 9 },
  updateJobScheduler: { keys: 12, args: 7 },
  extendLock: { keys: 2, args: 3 },
  extendLocks: { keys: 1, args: 4 },
  moveStalledJobsToWait: { keys: 9, args: 4 },
  moveToActive: { keys: 11, args: 3 },
  moveToFinished: { keys: 14, args: 9 },
  moveToDelayed: { keys: 11, args: 9 },
  retryJob: { keys: 11, args: 6 },
  moveJobFromActiveToWait: { keys: 9, args: 3 },
  moveToWaitingChildren: { keys: 7, args: 5 },
};

/** The methods that HeadgateBackend overrides or calls. */
const expectedMethods = [
  "execCommand",
  "addJobToTransaction",
  "addJobScheduler",
  "removeJobScheduler",
  "moveToFinishedArgs",
  "moveToDelayedArgs",
  "retryJobArgs",
  "moveToWaitingChildrenArgs",
  "moveJobFromActiveToWait",
  "waitForJob",
] as const;

const highest = (content: string, name: "KEYS" | "ARGV"): number =>
  Math.max(0, ...Array.from(content.matchAll(new RegExp(`${name}\\[(\\d+)\\]`, "g")), (match) => Number(match[1])));

/** Pure: everything in which the installed BullMQ differs from what we compose with. */
export function differences(
  scripts: Readonly<Record<string, BullScript>>,
  methods: (name: string) => boolean,
): string[] {
  const found: string[] = [];
  for (const [name, expected] of Object.entries(expectedScripts)) {
    const script = scripts[name];
    if (!script) {
      found.push(`no script ${name}`);
      continue;
    }
    if (script.keys !== expected.keys) found.push(`${name} takes ${script.keys} keys, not ${expected.keys}`);
    const args = highest(script.content, "ARGV");
    if (args !== expected.args) found.push(`${name} reads ${args} arguments, not ${expected.args}`);
  }
  for (const name of expectedMethods) {
    if (!methods(name)) found.push(`RedisQueueBackend has no ${name}()`);
  }
  return found;
}

/** In what the installed BullMQ differs from what we compose with. */
export function incompatibilities(): readonly string[] {
  const prototype = RedisQueueBackend.prototype as unknown as Record<string, unknown>;
  return differences(bullmqScripts, (name) => typeof prototype[name] === "function");
}

/** Compatible or refuse: called before anything else is done with BullMQ. */
export function checkBullmq(): void {
  const found = incompatibilities();
  if (found.length > 0) throw headgateError("HG_BULLMQ_INCOMPATIBLE", { got: found.join("; ") });
}
