import { defineLimiter, defineQueue } from "headgate";
import {
  type Client,
  checkServer,
  cleanUp,
  connected,
  defineScripts,
  EPOCH_MS,
  type Figures,
  type History,
  measure,
  openClient,
  seededRandom,
  simulate,
} from "headgate/internal";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { header, row } from "./table.ts";
import { trace } from "./trace.ts";

export interface SimulateOptions {
  readonly connection: string;
  readonly seeds: number;
  readonly first: number;
  readonly scenario?: string;
  readonly warm?: boolean;
  /** Also a line per second of the first seed. */
  readonly trace?: boolean;
  readonly json?: boolean;
}

interface Run {
  readonly figures: Figures;
  readonly history: History;
}

/** How many run at once: while Redis is at one, this process is at another. */
const AT_ONCE = 4;

export async function runSimulate(options: SimulateOptions): Promise<void> {
  const { connection, seeds, first, scenario, warm = false } = options;
  const client = openClient(connection);
  await connected(client);
  defineScripts(client, await checkServer(client));
  const began = performance.now();
  let calls = 0;
  console.log(header);
  const all: unknown[] = [];
  try {
    for (const each of chosen(scenario)) {
      const runs = await runSeeds(
        client,
        each,
        Array.from({ length: seeds }, (_, index) => first + index),
        warm,
      );
      const figures = runs.map((run) => run.figures);
      calls += figures.reduce((sum, one) => sum + one.calls, 0);
      all.push(...figures.map((one, index) => ({ scenario: each.name, seed: first + index, warm, ...one })));
      console.log(row(each.name, figures));
      if (options.trace && runs[0]) console.log(trace(runs[0].history, each.seconds).join("\n"));
    }
  } finally {
    client.disconnect();
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${calls} calls in ${seconds.toFixed(1)} s, ${Math.round(calls / seconds)} per second`);
  if (options.json) console.log(JSON.stringify(all));
}

function chosen(names: string | undefined): readonly Scenario[] {
  if (names === undefined) return scenarios;
  return names.split(",").map((name) => {
    const found = scenarios.find((each) => each.name === name.trim());
    if (found) return found;
    throw new Error(`no scenario "${name}": expected of ${scenarios.map((each) => each.name).join(", ")}`);
  });
}

async function runSeeds(client: Client, scenario: Scenario, seeds: readonly number[], warm: boolean): Promise<Run[]> {
  const runs: Run[] = [];
  const left = seeds.map((seed, index) => ({ seed, index }));
  const runner = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      runs[next.index] = await runOne(client, scenario, next.seed, warm);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return runs;
}

/** The API of a warm run is another one than that which taught the limiter; 10 s pass between them. */
async function runOne(client: Client, scenario: Scenario, seed: number, warm: boolean): Promise<Run> {
  const namespace = `simulate-${process.pid}-${scenario.name.replace("/", "-")}-${seed}`;
  const limiter = defineLimiter("api", { ...scenario.limiter, namespace });
  const queue = defineQueue("q", { limiter, capacity: 1_000_000, ...(scenario.cost ? { cost: scenario.cost } : {}) });
  const { seconds, fromSeconds = 0 } = scenario;
  const once = async (number: number, startsAt: number) => {
    const api = scenario.api(seededRandom(number));
    return { api, history: await simulate(client, { ...scenario, queue, api, seed: number, startsAt }) };
  };
  try {
    let run = await once(seed, EPOCH_MS);
    if (warm) run = await once(seed + 1_000, run.history.endsAt + 10_000);
    return { history: run.history, figures: measure(run.history, run.api, seconds, fromSeconds * 1_000) };
  } finally {
    await cleanUp(client, queue, scenario.costs?.length);
  }
}
