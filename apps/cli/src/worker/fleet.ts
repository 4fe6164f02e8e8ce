import { createRequire } from "node:module";
import { metricsText, observeProcess, observeQueues, type QueueMetrics, showBuild } from "headgate/metrics";
import type { Connection } from "headgate/worker";
import { Registry } from "prom-client";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { eventLog } from "./event-log.ts";
import { FleetMetrics } from "./fleet-metrics.ts";
import { type HealthPort, openHealthPort } from "./health.ts";
import { isAlive, readinessOf } from "./readiness.ts";
import { changesOf, namesOf, type ServedQueue, servedBy } from "./served.ts";
import type { WorkerFlags } from "./start-worker.ts";
import { Supervisor } from "./supervisor.ts";

const DEFAULT_DRAIN_MS = 25_000;
const DEFAULT_PORT = 3002;
const DEFAULT_HOST = "127.0.0.1";

/** The supervisor's side of `headgate worker`: processes, signals, and the port that tells how they are. */
export async function runFleet(context: Context, names: readonly string[], flags: WorkerFlags): Promise<ExitCode> {
  const { config, output, stop } = context;
  const log = eventLog(output);
  const startedAt = Date.now();
  const figures = new FleetMetrics();
  const own = new Registry();
  observeProcess(own);
  showBuild(own, { version: versionOf("../../package.json"), bullmq: versionOf("bullmq/package.json") });
  let served = servedBy(config, names, flags);
  let queues = observeServed(config.connection, served);
  const serve = async (now: readonly ServedQueue[]): Promise<void> => {
    // What was told has come as JSON.
    if (JSON.stringify(now) === JSON.stringify(served)) return;
    const changes = changesOf(served, now);
    if (changes) log({ event: "config", ...changes });
    served = now;
    const before = queues;
    queues = observeServed(config.connection, served);
    await before.state.close();
  };
  const supervisor = new Supervisor({
    processes: flags.processes ?? 1,
    drainTimeoutMs: flags.drainTimeout ?? DEFAULT_DRAIN_MS,
    log,
    hear: (member, told) => {
      if (told.told === "metrics") figures.take(member.id, told.metrics);
      if (told.told === "trouble") log.trouble(told.kind, told.event);
    },
    ready: ({ serves }) => void serve(serves ?? served),
    gone: (member) => void figures.forget(member.id),
  });
  const health = await openHealth(flags, config.workerPort, {
    alive: () => isAlive(supervisor.members, startedAt, Date.now()),
    readiness: () => ({
      ...readinessOf(namesOf(served), supervisor.members, supervisor.draining, Date.now()),
      draining: supervisor.draining,
    }),
    metrics: async () => {
      const asked = supervisor.members;
      const gathering = figures.gather(
        asked.map(({ id }) => id),
        () => {
          for (const member of asked) member.give({ order: "metrics" });
        },
      );
      await Promise.all([gathering, queues.state.refresh()]);
      return metricsText(await figures.together(own, queues.registry));
    },
  });
  log({ event: "listening", url: health.url, pid: process.pid });
  const onHangUp = (): void => void supervisor.roll();
  process.on("SIGHUP", onHangUp);
  // The first signal drains; the second ends this process, and everything with it.
  void stop.first.then((signal) => supervisor.drain(signal));
  process.on("exit", () => supervisor.abandon());
  try {
    return await supervisor.run();
  } finally {
    process.off("SIGHUP", onHangUp);
    log.close();
    await Promise.all([health.close(), queues.state.close()]);
  }
}

interface Shown {
  readonly registry: Registry;
  readonly state: QueueMetrics;
}

/** With a registry of its own: what a queue showed goes with it. */
function observeServed(connection: Connection, served: readonly ServedQueue[]): Shown {
  const registry = new Registry();
  const slots = new Map(served.map(({ definition, slots }) => [definition.name, slots]));
  const state = observeQueues(registry, {
    connection,
    queues: served.map(({ definition }) => definition),
    slotsOf: ({ name }) => slots.get(name) ?? 1,
  });
  return { registry, state };
}

/** The port that was asked for, or it fails; the default one, or a free one where that is taken. */
async function openHealth(
  flags: WorkerFlags,
  configured: number | undefined,
  source: Parameters<typeof openHealthPort>[0],
): Promise<HealthPort> {
  const host = flags.host ?? DEFAULT_HOST;
  const asked = flags.port ?? configured;
  if (asked !== undefined) return openHealthPort(source, host, asked);
  return openHealthPort(source, host, DEFAULT_PORT).catch(() => openHealthPort(source, host, 0));
}

const require = createRequire(import.meta.url);
const versionOf = (manifest: string): string => (require(manifest) as { version: string }).version;
