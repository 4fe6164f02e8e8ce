import type { Redis } from "ioredis";
import { Child } from "../process/child.ts";
import { removeKeys } from "../redis/remove-keys.ts";
import { round } from "../statistics.ts";
import { PROCESSES, type Setting } from "./contender.ts";
import { type ContenderName, contenders } from "./contenders/index.ts";
import { DepthWatch } from "./depth.ts";
import type { ApiOrders, ApiReport, PartOrders, ReportOrders } from "./orders.ts";
import type { Result } from "./result.ts";
import type { Scenario } from "./scenario.ts";

export interface RunOptions {
  readonly connection: string;
  readonly scenario: Scenario;
  readonly contender: ContenderName;
  readonly seconds: number;
  readonly warm: boolean;
  /** Names the keys: no two runs have the same. */
  readonly namespace: string;
}

/** Nobody waits longer for the first call (ms). */
const FIRST_CALL_MS = 20_000;
/** An earlier run teaches for so long, or for one period of the API's longest window (ms). */
const TEACH_MS = 20_000;

/** One contender in front of one API of its own: eleven processes at most, all ended when this resolves or rejects. */
export async function run(redis: Redis, options: RunOptions): Promise<Result> {
  const { scenario, contender, seconds, warm } = options;
  const crew: Child[] = [];
  const start = (name: string, module: string, orders: unknown): Child => {
    const child = new Child(`${contender} on ${scenario.name}: ${name}`, module, orders);
    crew.push(child);
    return child;
  };
  try {
    const api = start("API", "goodput/api-process", { spec: scenario.api, runMs: seconds * 1_000 } satisfies ApiOrders);
    const setting = { ...options, url: await api.ask<string>("listen") };
    const part = (role: PartOrders["role"]): Child =>
      start(role, "goodput/part-process", { contender, role, setting: settingOf(setting) } satisfies PartOrders);
    const feeder = part("feeder");
    const workers = Array.from({ length: PROCESSES }, () => part("worker"));
    const stage = { api, feeder, workers, scenario };

    if (warm) await play(stage, teachMs(scenario));
    await api.ask("begin");
    const base = contenders[contender].base(setting);
    const depth = new DepthWatch(redis, base);
    const report = await play(stage, seconds * 1_000).finally(() => depth.stop());
    const lost = await feeder.ask<number>("lost");
    return resultOf(options, report, await depth.stop(), lost, crew);
  } finally {
    await Promise.all(crew.map((child) => child.end()));
    await removeKeys(redis, options.namespace);
  }
}

interface Stage {
  readonly api: Child;
  readonly feeder: Child;
  readonly workers: readonly Child[];
  readonly scenario: Scenario;
}

/** From the first job to the last answer. */
async function play({ api, feeder, workers, scenario }: Stage, runMs: number): Promise<ApiReport> {
  await feeder.ask("demand", scenario.demand[0]?.perSecond ?? null);
  await feeder.ask("start");
  await Promise.all(workers.map((worker) => worker.ask("start")));
  await inTime(api.ask("reach", 0), FIRST_CALL_MS, "no worker called the API");
  const changes = scenario.demand.slice(1).map(async ({ at, perSecond }) => {
    await api.ask("reach", at * runMs);
    await feeder.ask("demand", perSecond);
  });
  await api.ask("reach", runMs);
  await Promise.all(changes);
  const report = await api.ask<ApiReport>("report", ordersOf(scenario, runMs));
  await Promise.all([feeder, ...workers].map((child) => child.ask("stop")));
  return report;
}

function ordersOf(scenario: Scenario, runMs: number): ReportOrders {
  const changes = scenario.api.rules.flatMap((rule) => ("changes" in rule ? (rule.changes ?? []) : []));
  const last = Math.max(0, ...changes.map(({ at }) => at), ...scenario.demand.map(({ at }) => at));
  return {
    run: { from: 0, to: runMs },
    measured: { from: scenario.from * runMs, to: runMs },
    settleFrom: last * runMs,
  };
}

const teachMs = ({ api }: Scenario): number =>
  Math.max(TEACH_MS, ...api.rules.map((rule) => (rule.kind === "window" ? 1.1 * rule.perMs : 0)));

/** Without the rest of the options: only what its processes need. */
const settingOf = ({ connection, namespace, scenario, url }: Setting): Setting => ({
  connection,
  namespace,
  scenario,
  url,
});

function resultOf(
  { scenario, contender, warm }: RunOptions,
  report: ApiReport,
  maxDepth: number,
  lost: number,
  crew: readonly Child[],
): Result {
  const calls = report.accepted + report.throttled;
  return {
    figures: {
      scenario: scenario.name,
      contender,
      warm,
      goodput: round(report.goodput, 4),
      throttled: round(report.throttled / calls, 4),
      calls,
      throttledInFirst5s: report.throttledInFirst5s,
      settleMs: report.settleMs,
      maxDepth,
      lost,
    },
    throttledInFirst60s: report.throttledInFirst60s,
    trace: report.trace,
    complaints: crew.map(({ complaints }) => complaints).filter(Boolean),
  };
}

async function inTime<T>(answer: Promise<T>, ms: number, problem: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${problem} within ${ms} ms`)), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
