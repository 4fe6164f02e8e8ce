import { drain } from "./drain.ts";
import { fullMemory } from "./full-memory.ts";
import { kill } from "./kill.ts";
import { redisAway } from "./redis-away.ts";
import { roll } from "./roll.ts";
import { withScene } from "./scene.ts";

export const experiments = ["drain", "kill", "roll", "roll-limited", "redis-away", "full-memory"] as const;
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

/** What an operator fears, done to a fleet as it is built. */
export async function runChaos(options: ChaosOptions): Promise<Partial<Record<Experiment, object>>> {
  const { connection, rounds, awaySeconds, json = false } = options;
  const say = json ? console.error : console.log;
  const runs: Record<Experiment, () => Promise<object>> = {
    drain: () => withScene(connection, drain),
    kill: () => withScene(connection, (scene) => kill(scene, rounds)),
    roll: () => withScene(connection, (scene) => roll(scene, false), false),
    "roll-limited": () => withScene(connection, (scene) => roll(scene, true)),
    "redis-away": () => redisAway(rounds, awaySeconds * 1_000),
    "full-memory": fullMemory,
  };
  const figures: Partial<Record<Experiment, object>> = {};
  for (const name of options.experiments) {
    figures[name] = await runs[name]();
    say(`${name}: ${JSON.stringify(figures[name])}`);
  }
  if (json) console.log(JSON.stringify(figures));
  return figures;
}
