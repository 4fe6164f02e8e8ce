import {
  type Api,
  always,
  concurrencyLimit,
  fixedWindow,
  honest,
  type Manners,
  seededRandom,
  silent,
  slidingWindow,
  tokenBucket,
} from "headgate/internal";
import type { LatencyRange } from "./flags.ts";

export const APIS = ["token-bucket", "fixed-window", "sliding-window", "concurrency"] as const;
export const RETRY_AFTERS = ["honest", "none", "lying"] as const;

export interface SimulateFlags {
  readonly api: (typeof APIS)[number];
  readonly rate: number;
  readonly burst: number;
  /** Seconds. */
  readonly per: number;
  readonly seconds: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly latency: LatencyRange;
  readonly retryAfter: (typeof RETRY_AFTERS)[number];
  readonly demand?: number;
  readonly limiter?: string;
  readonly seed: number;
}

/** The API that the flags describe. A window accepts at least one call; where in it a run begins is the seed's choice. */
export function apiOf({ api, rate, burst, per, latency, seed }: SimulateFlags): Api {
  const window = { limit: Math.max(1, Math.round(rate * per)), perMs: per * 1_000 };
  switch (api) {
    case "token-bucket":
      return tokenBucket({ rate, burst });
    case "fixed-window":
      return fixedWindow({ ...window, phase: seededRandom(seed)() });
    case "sliding-window":
      return slidingWindow(window);
    case "concurrency":
      return concurrencyLimit({ limit: Math.max(1, Math.round(rate)), meanMs: (latency[0] + latency[1]) / 2 });
  }
}

const LIE_MS = 60_000;

export const mannersOf = ({ retryAfter }: SimulateFlags): Manners =>
  ({ honest, none: silent, lying: always(LIE_MS) })[retryAfter];
