import { type Provider, type ProviderName, providers } from "@headgate/hints/providers";
import { z } from "zod";
import { type Duration, durationSchema } from "./duration.ts";
import { nameSchema, parseName, parseOptions } from "./options.ts";

export interface LimitOptions {
  /** What is counted; `"requests"` is the number of calls. */
  readonly unit: string;
  /** How much of it in any window of length `per`; a whole number from 1. */
  readonly amount: number;
  readonly per: Duration;
  /** How much of it at once, counted inside `amount`; default 20 ms' worth, at least 1. */
  readonly burst?: number;
}

export interface LimiterOptions {
  /** Upper bounds that are never exceeded; default: none, the limit is found. */
  readonly limits?: readonly LimitOptions[];
  /** Jobs in flight against the API, over all queues and workers; default: no bound. */
  readonly concurrency?: number;
  /** Learn the rate from what the API accepts; default true. `false`: use the limits as they are. */
  readonly adaptive?: boolean;
  /**
   * What is known of the API beyond what its answers say: the name of a preset of @headgate/hints, or one of your own (header
   * dialect, codes of a spent quota, what to wait when it does not say). Default: what an answer looks like decides. Workers
   * read answers by it; it is not stored in Redis.
   */
  readonly provider?: ProviderName | Provider;
  /** A lower revision never replaces a higher one in Redis; default: the last start wins. */
  readonly revision?: number;
  /** First part of all keys; default `"headgate"`. */
  readonly namespace?: string;
}

export interface Limit {
  readonly unit: string;
  readonly amount: number;
  readonly perMs: number;
  readonly burst: number;
}

export interface Limiter {
  readonly kind: "limiter";
  readonly name: string;
  readonly namespace: string;
  /** Prefix and hash tag of all keys of the limiter and its queues. */
  readonly prefix: string;
  readonly limits: readonly Limit[];
  readonly concurrency: number | null;
  readonly adaptive: boolean;
  /** False for the limiter of a queue that names none: it runs unpaced until the first throttled call. */
  readonly pacedFromStart: boolean;
  readonly revision: number | null;
  /** A preset, or null: then what an answer looks like decides. */
  readonly provider: Provider | null;
}

const DEFAULT_NAMESPACE = "headgate";
/** A timekeeper may be this late without losing permits (ms). */
const BURST_MS = 20;
const MOST_LIMITS = 16;

const limitSchema = z
  .strictObject({
    unit: nameSchema,
    amount: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    per: durationSchema.refine((ms) => ms >= 1, { error: "expected at least 1 ms" }),
    burst: z.int().min(1).optional(),
  })
  .refine(({ amount, burst }) => burst === undefined || burst <= amount, {
    error: "expected a burst that is counted inside amount, so at most amount",
    path: ["burst"],
  });

const ms = z.number().min(0).max(31_536_000_000);
const names = Object.keys(providers) as ProviderName[];
const providerSchema = z.union(
  [
    z.enum(names).transform((name) => providers[name]),
    z.strictObject({
      reset: z.enum(["s", "ms", "epoch-s", "epoch-ms"]).exactOptional(),
      resetIsFull: z.boolean().exactOptional(),
      windowMs: ms.exactOptional(),
      bodyTells: z.boolean().exactOptional(),
      terminalCodes: z.array(z.string()).exactOptional(),
      throttledStatuses: z.array(z.int().min(100).max(599)).exactOptional(),
      defaultWaitMs: ms.exactOptional(),
    }),
  ],
  { error: `expected a preset of @headgate/hints, or one of ${names.join(", ")}` },
);

const schema = z.strictObject({
  limits: z
    .array(limitSchema)
    .max(MOST_LIMITS)
    .refine((limits) => new Set(limits.map(({ unit, per }) => `${unit}/${per}`)).size === limits.length, {
      error: "expected each unit and period once",
    })
    .default([]),
  concurrency: z.int().min(1).nullable().default(null),
  adaptive: z.boolean().default(true),
  provider: providerSchema.nullable().default(null),
  revision: z.int().min(0).nullable().default(null),
  namespace: nameSchema.default(DEFAULT_NAMESPACE),
});

/** Default burst: what a period of 20 ms grants, at least 1, never above the amount. */
export const defaultBurst = (amount: number, perMs: number): number =>
  Math.min(amount, Math.max(1, Math.ceil((amount * BURST_MS) / perMs)));

export function resolveLimits(what: string, limits: readonly LimitOptions[]): readonly Limit[] {
  return parseOptions(what, schema.shape.limits, limits).map(({ unit, amount, per, burst }) =>
    Object.freeze({ unit, amount, perMs: per, burst: burst ?? defaultBurst(amount, per) }),
  );
}

/**
 * Defines the shared state in front of one API, or of one account at it.
 * @throws HG_NAME_INVALID, HG_OPTION_INVALID
 */
export function defineLimiter(name: string, options: LimiterOptions = {}): Limiter {
  return limiterOf(name, options, true);
}

export function limiterOf(name: string, options: LimiterOptions, pacedFromStart: boolean): Limiter {
  const what = `defineLimiter(${JSON.stringify(name)})`;
  parseName(what, name);
  const { limits: _, ...rest } = parseOptions(what, schema, options);
  return Object.freeze({
    kind: "limiter" as const,
    name,
    prefix: `{${rest.namespace}:${name}}`,
    limits: Object.freeze(resolveLimits(`${what}.limits`, options.limits ?? [])),
    pacedFromStart,
    ...rest,
  });
}
