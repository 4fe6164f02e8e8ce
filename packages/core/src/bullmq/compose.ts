import { scripts } from "../redis/scripts.generated.ts";
import { type BullScript, bullmqScripts } from "./contract.ts";

export interface ComposedCommand {
  readonly name: string;
  readonly keys: number;
  readonly lua: string;
}

/**
 * Which of our scripts stands around which of BullMQ's, and under which local names BullMQ's bodies are called there.
 * `allowOom`: fetches, settles or removes, so it must run when memory is full (P16); admission never does.
 */
const recipes: Readonly<
  Record<string, { script: keyof typeof scripts | null; bodies: Readonly<Record<string, string>>; allowOom: boolean }>
> = {
  addStandardJob: { script: "add", bodies: { add: "addStandardJob" }, allowOom: false },
  addDelayedJob: { script: "add", bodies: { add: "addDelayedJob" }, allowOom: false },
  addPrioritizedJob: { script: "add", bodies: { add: "addPrioritizedJob" }, allowOom: false },
  addParentJob: { script: "add", bodies: { add: "addParentJob" }, allowOom: false },
  updateJobScheduler: {
    script: "updateJobScheduler",
    bodies: { updateJobScheduler: "updateJobScheduler" },
    // It stores the next iteration in place of the one that runs: without it a schedule ends in full memory.
    allowOom: true,
  },
  addJobScheduler: { script: "addJobScheduler", bodies: { addJobScheduler: "addJobScheduler" }, allowOom: false },
  moveToActive: { script: "moveToActive", bodies: { moveToActive: "moveToActive" }, allowOom: true },
  // Unchanged, but for the flag: without its lock's renewal a long job is lost in full memory.
  extendLock: { script: null, bodies: {}, allowOom: true },
  extendLocks: { script: null, bodies: {}, allowOom: true },
  moveStalledJobsToWait: {
    script: "moveStalledJobsToWait",
    bodies: { moveStalledJobsToWait: "moveStalledJobsToWait" },
    allowOom: true,
  },
  moveToFinished: ending("moveToFinished"),
  moveToDelayed: ending("moveToDelayed"),
  retryJob: ending("retryJob"),
  moveJobFromActiveToWait: ending("moveJobFromActiveToWait"),
  moveToWaitingChildren: ending("moveToWaitingChildren"),
};

function ending(
  name: "moveToFinished" | "moveToDelayed" | "retryJob" | "moveJobFromActiveToWait" | "moveToWaitingChildren",
) {
  return { script: name, bodies: { [name]: name, moveToActive: "moveToActive" }, allowOom: true } as const;
}

const prefixed = (name: string): string => `hg:${name}`;

/** Wraps the script texts that the installed BullMQ ships, without copying a line of them. */
export function compose(
  name: string,
  scriptFlags: boolean,
  source: Readonly<Record<string, BullScript>> = bullmqScripts,
): ComposedCommand {
  const recipe = recipes[name];
  const own = source[name];
  if (!recipe || !own) throw new Error(`no recipe for ${name}`);
  const bodies = Object.entries(recipe.bodies).map(([local, command]) => bodyOf(local, command, source));
  const lua = recipe.script === null ? own.content : `${bodies.join("")}${scripts[recipe.script].lua}`;
  return { name: prefixed(name), keys: own.keys, lua: allowOom(lua, recipe.allowOom && scriptFlags) };
}

/** What a flow is made of, in one script: BullMQ itself puts these into a MULTI, in which one refusal would store the rest. */
export const flowBodies: readonly string[] = [
  "addStandardJob",
  "addDelayedJob",
  "addPrioritizedJob",
  "addParentJob",
  "releaseParentIfNoPendingDependencies",
];

export const FLOW = "hg:addFlow";

/** Its number of keys depends on the flow. */
export const composeFlow = (): string =>
  `${flowBodies.map((name) => bodyOf(name, name, bullmqScripts)).join("")}${scripts.addFlow.lua}`;

const bodyOf = (local: string, command: string, source: Readonly<Record<string, BullScript>>): string =>
  `local function ${local}(KEYS, ARGV)\n${source[command]?.content}\nend\n`;

/** Redis 7 and Valkey refuse a script in full memory unless it says that it may run. */
export const allowOom = (lua: string, allowed: boolean): string => (allowed ? `#!lua flags=allow-oom\n${lua}` : lua);

export const composedNames: readonly string[] = Object.keys(recipes);
export const composedName = (name: string): string | null => (name in recipes ? prefixed(name) : null);
