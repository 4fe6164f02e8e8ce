import { failOver } from "./failover.ts";
import { clusterSite, type Site, sentinelSite } from "./site.ts";

export type Trial =
  | "sentinel"
  | "sentinel-lagging"
  | "sentinel-guarded"
  | "sentinel-guarded-lagging"
  | "cluster"
  | "cluster-lagging";

/** How the Redis is set up, and whether its replica was cut off before the primary died. */
const trials: Readonly<Record<Trial, { site(namespace: string): Promise<Site>; lagging: boolean }>> = {
  sentinel: { site: () => sentinelSite(false), lagging: false },
  "sentinel-lagging": { site: () => sentinelSite(false), lagging: true },
  "sentinel-guarded": { site: () => sentinelSite(true), lagging: false },
  "sentinel-guarded-lagging": { site: () => sentinelSite(true), lagging: true },
  cluster: { site: (namespace) => clusterSite(`{${namespace}:api}`), lagging: false },
  "cluster-lagging": { site: (namespace) => clusterSite(`{${namespace}:api}`), lagging: true },
};

export const trialNames: readonly Trial[] = Object.keys(trials) as Trial[];

/** The primary dies under load: how long nobody works, what is missing afterwards, and what ran twice. */
export async function runFailover(options: {
  readonly trials: readonly Trial[];
  readonly json?: boolean;
}): Promise<void> {
  const outcomes: object[] = [];
  for (const trial of options.trials) {
    const namespace = `failover-${process.pid}-${Date.now()}`;
    const { site: start, lagging } = trials[trial];
    const site = await start(namespace);
    try {
      const outcome = { trial, ...(await failOver(site, namespace, lagging)) };
      outcomes.push(outcome);
      (options.json ? console.error : console.log)(JSON.stringify(outcome));
    } finally {
      await site.stop();
    }
  }
  if (options.json) console.log(JSON.stringify(outcomes));
}
