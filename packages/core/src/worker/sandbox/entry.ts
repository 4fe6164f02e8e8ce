// Runs in the sandbox's process: BullMQ's child imports it as the processor, with the user's file in its own URL.
import { encodeId } from "../../define/id.ts";
import { type RequestSeen, requests } from "../../observe/channels.ts";
import type { ChildResult } from "../children.ts";
import { classifyError } from "../classify.ts";
import { createContext, Heard } from "../context.ts";
import { Run } from "../run.ts";
import type { Processor } from "../run-job.ts";
import type { SandboxEnding, SandboxTask } from "./ending.ts";

/** BullMQ's job on this side: what is called on it travels to the worker's process. */
interface SandboxJob {
  readonly data: SandboxTask;
  log(line: string): Promise<void>;
  updateProgress(value: unknown): Promise<void>;
  /** BullMQ's word; what the worker's process answers is `ctx.children()`. */
  getChildrenValues(): Promise<readonly ChildResult[]>;
}

const { searchParams } = new URL(import.meta.url);
const process = await load(searchParams.get("processor") ?? "", searchParams.get("loader"));

export default async function run(job: SandboxJob, _token: string, signal: AbortSignal): Promise<SandboxEnding> {
  const { payload, id, queue, attempt, deferrals, enqueuedAt, provider } = job.data;
  const run = new Run(id, "");
  signal.addEventListener("abort", () => run.abort(new Error(String(signal.reason ?? "aborted"))), { once: true });
  const heard = new Heard("");
  const calls: RequestSeen[] = [];
  const unwatch = requests.watch((call) => calls.push(call));
  const standIn = {
    id: encodeId(id),
    attemptsMade: attempt - 1,
    timestamp: enqueuedAt,
    log: (line: string) => job.log(line),
    updateProgress: (value: unknown) => job.updateProgress(value),
  };
  const permit = { granted: "", attemptsStarted: "", deferrals, deferredAt: null, late: false };
  const ending = (result: unknown, thrown: SandboxEnding["thrown"]): SandboxEnding => ({
    result,
    thrown,
    heard: heard.verdict,
    spent: heard.spent,
    calls,
  });
  try {
    const ctx = createContext(standIn as never, { name: queue, limiter: { provider } }, permit, run, heard);
    Object.assign(ctx, { children: () => job.getChildrenValues() });
    return ending(await process(payload, ctx), null);
  } catch (error) {
    const verdict = classifyError(error, provider);
    heard.hearThrown(verdict);
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return ending(null, { name, message, stack: stack ?? "", verdict });
  } finally {
    unwatch();
  }
}

async function load(path: string, loader: string | null): Promise<Processor> {
  const { load = (url: string): Promise<unknown> => import(url) } = loader === null ? {} : await import(loader);
  const loaded = (await load(path)) as { default?: unknown };
  const inner = loaded.default;
  // A CommonJS module that was compiled from an ES module has its default export one deeper.
  const found = typeof inner === "function" ? inner : (inner as { default?: unknown } | undefined)?.default;
  if (typeof found !== "function") throw new TypeError(`${path} has no function as its default export`);
  return found as Processor;
}
