import { death, deathBehind, type Event } from "./event.ts";
import { failOver } from "./failover.ts";
import { slotMoved } from "./reshard.ts";
import { clusterSite, type Site, sentinelSite } from "./site.ts";

export type Trial =
  | "sentinel"
  | "sentinel-lagging"
  | "sentinel-guarded"
  | "sentinel-guarded-lagging"
  | "cluster"
  | "cluster-lagging"
  | "reshard";

interface Arrangement {
  readonly event: Event;
  site(namespace: string): Promise<Site>;
}

const cluster = (namespace: string): ReturnType<typeof clusterSite> => clusterSite(`{${namespace}:api}`);

/** How the Redis is set up, and what befalls it. */
const trials: Readonly<Record<Trial, Arrangement>> = {
  sentinel: { site: () => sentinelSite(false), event: death },
  "sentinel-lagging": { site: () => sentinelSite(false), event: deathBehind },
  "sentinel-guarded": { site: () => sentinelSite(true), event: death },
  "sentinel-guarded-lagging": { site: () => sentinelSite(true), event: deathBehind },
  cluster: { site: cluster, event: death },
  "cluster-lagging": { site: cluster, event: deathBehind },
  reshard: { site: cluster, event: slotMoved },
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
    const { site: start, event } = trials[trial];
    const site = await start(namespace);
    try {
      const outcome = { trial, ...(await failOver(site, namespace, event)) };
      outcomes.push(outcome);
      (options.json ? console.error : console.log)(JSON.stringify(outcome));
    } finally {
      await site.stop();
    }
  }
  if (options.json) console.log(JSON.stringify(outcomes));
}
