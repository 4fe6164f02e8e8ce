import { loadavg } from "node:os";
import { drain } from "./drain.ts";
import { redisFaults } from "./faults.ts";
import { fullMemory } from "./full-memory.ts";
import { kill } from "./kill.ts";
import { poison } from "./poison.ts";
import { redisAway } from "./redis-away.ts";
import { roll } from "./roll.ts";
import { withScene } from "./scene.ts";
import { type Outcome, tableOf } from "./verdict.ts";

export const experiments = [
  "drain",
  "kill",
  "roll",
  "roll-limited",
  "redis-away",
  "redis-faults",
  "full-memory",
  "poison",
] as const;
export type Experiment = (typeof experiments)[number];

export interface ChaosOptions {
  readonly connection: string;
  readonly experiments: readonly Experiment[];
  /** Of kills and of outages. */
  readonly rounds: number;
  /** How long an outage lasts. */
  readonly awaySeconds: number;
  readonly json?: boolean;
}

/** What an operator fears, done to a fleet as it is built. Answers whether it has shown everything that it has to. */
export async function runChaos(options: ChaosOptions): Promise<boolean> {
  const { connection, rounds, awaySeconds, json = false } = options;
  const say = json ? console.error : console.log;
  const runs: Record<Experiment, () => Promise<Outcome>> = {
    drain: () => withScene(connection, drain),
    kill: () => withScene(connection, (scene) => kill(scene, rounds)),
    roll: () => withScene(connection, (scene) => roll(scene, false), false),
    "roll-limited": () => withScene(connection, (scene) => roll(scene, true)),
    "redis-away": () => redisAway(rounds, awaySeconds * 1_000),
    "redis-faults": redisFaults,
    "full-memory": fullMemory,
    poison: () => withScene(connection, poison),
  };
  const outcomes: Partial<Record<Experiment, Outcome>> = {};
  const from = performance.now();
  for (const name of options.experiments) {
    const [load = 0] = loadavg();
    const outcome = await runs[name]().catch(failed);
    outcomes[name] = outcome;
    say(`${name} (load before ${load.toFixed(1)}): ${JSON.stringify(outcome.figures)}`);
  }
  say(
    `\n${tableOf(outcomes as Record<string, Outcome>)}\n\ntook ${((performance.now() - from) / 60_000).toFixed(1)} min`,
  );
  if (json) console.log(JSON.stringify(outcomes));
  return Object.values(outcomes).every(({ verdicts }) => verdicts.every(({ met }) => met));
}

/** One experiment that comes to nothing does not take the others with it. */
function failed(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return {
    figures: { error: message },
    verdicts: [{ what: "came to no end", measured: message.slice(0, 80), wanted: "an end", met: false }],
  };
}
