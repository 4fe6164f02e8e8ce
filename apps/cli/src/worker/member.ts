import { setTimeout as after } from "node:timers/promises";
import { isHeadgateError } from "headgate";
import { pulses } from "headgate/internal";
import { observeProcess } from "headgate/metrics";
import type { Worker } from "headgate/worker";
import { Registry } from "prom-client";
import type { Context } from "../context.ts";
import { ExitCode, startCodeOf } from "../exit-code.ts";
import { reportProblem } from "../output/problem.ts";
import { eventLog } from "./event-log.ts";
import { errorFields, type LogEvent } from "./log-line.ts";
import { tell } from "./messages.ts";
import { takeOrders } from "./orders.ts";
import { servedBy } from "./served.ts";
import { startWorker, type WorkerFlags } from "./start-worker.ts";

const BEAT_MS = 500;
/** What a process that is killed had counted since, its supervisor never hears of (ms). */
const FIGURES_MS = 5_000;
const LAST_WORDS_MS = 50;
const LOOK_MS = 10;

/** One process of the fleet: runs the queues until it is told to drain, or until its supervisor is gone. */
export async function runMember(context: Context, names: readonly string[], flags: WorkerFlags): Promise<ExitCode> {
  const { config, output } = context;
  const log = eventLog(output);
  const orders = takeOrders(() => void figures());
  context.stop.dispose();
  const registry = new Registry();
  observeProcess(registry);
  const figures = async (): Promise<void> =>
    tell({ told: "metrics", metrics: await registry.getMetricsAsJSON() } as never);
  const timers = [
    setInterval(() => void tell({ told: "beat", pulses: pulses() }), BEAT_MS),
    setInterval(() => void figures(), FIGURES_MS),
  ];
  endAtCrash(output.debug);
  const workers: Worker[] = [];
  try {
    await tell({ told: "serves", queues: servedBy(config, names, flags) });
    for (const name of names) workers.push(await startWorker(config, name, flags, log, trouble));
    const ready = Promise.all(workers.map((worker) => fetchesAtLast(worker, orders.signal)));
    await Promise.race([ready, orders.drain]);
    if (!orders.signal.aborted) {
      await tell({ told: "beat", pulses: pulses() });
      await tell({ told: "ready" });
      for (const name of names) log({ event: "ready", queue: name });
    }
    const signal = await orders.drain;
    for (const name of names) log({ event: "draining", queue: name, signal });
  } catch (error) {
    reportProblem(error, output);
    return startCodeOf(error);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    for (const timer of timers) clearInterval(timer);
    await figures();
  }
  for (const name of names) log({ event: "closed", queue: name });
  return ExitCode.ok;
}

const trouble = (kind: string, event: LogEvent): void => void tell({ told: "trouble", kind, event });

/** A fleet that is started before its Redis waits for it. */
async function readyAtLast(worker: Worker, draining: AbortSignal): Promise<void> {
  while (!draining.aborted) {
    try {
      return await worker.ready();
    } catch (error) {
      if (draining.aborted) return;
      if (!isHeadgateError(error, "HG_REDIS_UNREACHABLE")) throw error;
      trouble(`error:${error.code}`, { event: "error", queue: worker.queue.name, ...errorFields(error) });
    }
  }
}

/** Ready is who takes jobs: its first question for one has been answered. */
async function fetchesAtLast(worker: Worker, draining: AbortSignal): Promise<void> {
  await readyAtLast(worker, draining);
  while (worker.pulse.lastFetchAt === 0 && !draining.aborted) await after(LOOK_MS);
}

/** What nobody caught ends the process, as always, but without the message on stderr: it may hold job data. */
function endAtCrash(debug: boolean): void {
  process.on("uncaughtException", (error: unknown) => {
    if (debug) console.error(error);
    void tell({ told: "trouble", kind: "crash", event: { event: "crashed", pid: process.pid, ...errorFields(error) } });
    setTimeout(() => process.exit(ExitCode.failure), LAST_WORDS_MS);
  });
}
