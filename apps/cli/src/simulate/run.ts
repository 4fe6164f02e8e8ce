import { randomUUID } from "node:crypto";
import { defineLimiter, defineQueue, type Limiter } from "headgate";
import {
  checkServer,
  cleanUp,
  closeClient,
  connected,
  defineScripts,
  type Figures,
  measure,
  openClient,
  simulate,
  uniform,
} from "headgate/internal";
import type { Connection } from "headgate/worker";
import { ExitCode } from "../exit-code.ts";
import { unknownTarget } from "../levers/target.ts";
import { count, duration, NOTHING, share } from "../output/figures.ts";
import type { Output } from "../output/output.ts";
import { apiOf, mannersOf, type SimulateFlags } from "./model.ts";

export interface Bench {
  readonly connection: Connection;
  /** Of the config, where there is one. */
  readonly limiters: ReadonlyMap<string, Limiter> | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export async function runSimulation(
  { connection, limiters, output, signal }: Bench,
  flags: SimulateFlags,
): Promise<ExitCode> {
  const template = flags.limiter === undefined ? undefined : limiters?.get(flags.limiter);
  if (flags.limiter !== undefined && template === undefined)
    throw unknownTarget(flags.limiter, [...(limiters?.keys() ?? [])]);
  const limiter = defineLimiter("api", { ...declared(template), namespace: `simulate-${randomUUID()}` });
  const queue = defineQueue("simulated", { limiter, capacity: 10_000 });
  const { demand, seconds, seed, latency } = flags;
  const client = openClient(connection);
  try {
    await connected(client);
    defineScripts(client, await checkServer(client));
    const api = apiOf(flags);
    try {
      const history = await simulate(client, {
        queue,
        api,
        manners: mannersOf(flags),
        latency: uniform(latency[0], latency[1]),
        slots: flags.workers * flags.concurrency,
        seconds,
        seed,
        signal,
        ...(demand === undefined ? {} : { demand: () => demand }),
      });
      const figures = measure(history, api, seconds);
      output.object({ api: flags.api, seconds, seed, complete: !signal.aborted, ...figures });
      output.text(figuresText(figures, demand !== undefined));
      return signal.aborted ? ExitCode.failure : ExitCode.ok;
    } finally {
      await cleanUp(client, queue);
    }
  } finally {
    await closeClient(client);
  }
}

/** What is declared of a limiter, as a definition has it. */
const declared = (limiter: Limiter | undefined): Parameters<typeof defineLimiter>[1] =>
  limiter === undefined
    ? {}
    : {
        limits: limiter.limits.map(({ unit, amount, perMs, burst }) => ({ unit, amount, per: perMs, burst })),
        adaptive: limiter.adaptive,
        ...(limiter.concurrency === null ? {} : { concurrency: limiter.concurrency }),
      };

function figuresText(figures: Figures, demanded: boolean): string {
  const { calls, accepted, throttled, goodput, throttledShare, throttledInFirst5s, settleMs, maxDepth } = figures;
  return [
    `goodput         ${share(goodput)} of what the API accepts${demanded ? ", whatever was asked for" : ""}`,
    `calls           ${count(calls)}, ${count(accepted)} accepted`,
    `throttled       ${count(throttled)} (${share(throttledShare)}), ${count(throttledInFirst5s)} in the first 5s`,
    `time to settle  ${settleMs === null ? "never" : duration(settleMs)}`,
    `depth           ${maxDepth === null ? NOTHING : `${count(maxDepth)} at most`}`,
  ].join("\n");
}
