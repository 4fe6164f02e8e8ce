import type { LimiterOptions, QueueOptions } from "headgate";
import type { Api, Latency, Manners, Random, Telling } from "headgate/internal";

export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  readonly api: (random: Random) => Api;
  readonly manners: Manners;
  readonly telling?: Telling;
  readonly latency: Latency;
  readonly refusalLatency?: Latency;
  readonly slots: number;
  readonly limiter?: Omit<LimiterOptions, "namespace">;
  readonly cost?: QueueOptions<unknown, unknown>["cost"];
  readonly costs?: readonly Readonly<Record<string, number>>[];
  readonly demand?: (atMs: number) => number;
  /** Figures are taken from here on (s). */
  readonly fromSeconds?: number;
}
