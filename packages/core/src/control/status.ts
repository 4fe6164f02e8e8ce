import type { Limiter } from "../define/limiter.ts";
import type { Queue } from "../define/queue.ts";
import type { Level } from "../producer/result.ts";
import type { Client } from "../redis/connection.ts";
import { limiterKey } from "../redis/keys.ts";
import { runScript } from "../redis/scripts.ts";

export interface QueueStatus {
  readonly queue: string;
  readonly limiter: string;
  /** Jobs admitted and not finished. */
  readonly depth: number;
  readonly capacity: number;
  /** How far depth is above capacity (only revivals can take it there). */
  readonly overCapacity: number;
  readonly level: Level;
  /** Why the level is not open: depth, gate, throttled, memory, operator. */
  readonly reason: string | null;
  /** Since when it has this level: epoch ms on Redis' clock. */
  readonly since: number;
  readonly version: number;
  /** When a closed level is looked at again at the latest: epoch ms on Redis' clock; null at other levels. */
  readonly reviewAt: number | null;
  /** Jobs finished per second, over the last 10 s or so. */
  readonly drainPerSecond: number;
  readonly oldestJobAgeMs: number | null;
  /** When a refused producer should ask again (ms); 0 at levels that admit. */
  readonly retryAfterMs: number;
  readonly counts: Readonly<
    Record<
      "wait" | "paused" | "prioritized" | "delayed" | "active" | "waiting-children" | "completed" | "failed",
      number
    >
  >;
  /** Iterations of schedules that came due while it was closed, and were finished without running. */
  readonly skipped: number;
  /** BullMQ's own pause: workers take nothing. */
  readonly paused: boolean;
  readonly pauseReason: string | null;
  /** Set when processes started with different definitions of this queue. */
  readonly disagreement: string | null;
}

export interface LimiterStatus {
  readonly limiter: string;
  /** Permits per second of the controller; null while it does not pace. */
  readonly rate: number | null;
  /** idle, free, ramp, flush or steady; lua/lib/law.lua. */
  readonly phase: string;
  readonly adaptive: boolean;
  readonly gate: {
    readonly closed: boolean;
    /** Epoch ms on Redis' clock. */
    readonly until: number | null;
    readonly remainingMs: number;
    /** Why it is closed: throttled, quota (no credit, a spend limit, a daily quota), or the operator's words. */
    readonly reason: string | null;
    /** True while one probe decides whether it opens. */
    readonly halfOpen: boolean;
  };
  /** What the controller keeps of the API, restarts included; null before it has learned or was told anything. */
  readonly learned: {
    /** Permits per second. */
    readonly rate: number;
    /** How long it has been about the same (ms): within 15 %. */
    readonly ageMs: number;
    /** Calls in flight, where that is what the API counts. */
    readonly concurrency: number | null;
    /** Permits per second that the API's own headers allow; null where they say nothing. */
    readonly told: number | null;
  } | null;
  readonly inFlight: number;
  readonly concurrency: number | null;
  readonly limits: readonly {
    readonly unit: string;
    readonly amount: number;
    readonly perMs: number;
    readonly burst: number;
    /** What could be granted at once now; negative after a cost above burst. */
    readonly remaining: number;
  }[];
  /** Over the last 10 s. */
  readonly acceptedPerSecond: number;
  readonly throttledPerSecond: number;
  readonly throttledShare: number;
  /**
   * Permits since the limiter was first registered. What a spent quota refused counts as throttled here, and nowhere else.
   * `refused`: a worker found a job waiting, and no permit for it. `expired`: the job that held it stalled, its worker being gone.
   */
  readonly totals: Readonly<
    Record<"granted" | "ok" | "throttled" | "failed" | "released" | "refused" | "expired", number>
  >;
  /** How long the gate was shut since then, by whomever (ms). */
  readonly shutMs: number;
  readonly queues: readonly string[];
  /** The operator's setLimits stands above the code's definition. */
  readonly overridden: boolean;
  readonly disagreement: string | null;
}

interface QueueReply {
  now: number;
  depth: number;
  capacity: number;
  level: Level;
  reason: string;
  version: number;
  since: number;
  reviewAt: number;
  pause?: { till: number; reason: string };
  drain: number;
  oldest?: number;
  retryAfter: number;
  paused: boolean;
  counts: QueueStatus["counts"];
  skipped: number;
  disagreement?: string;
}

interface LimiterReply {
  now: number;
  rate?: number;
  phase: string;
  adaptive: boolean;
  gateUntil: number;
  why: string;
  half: boolean;
  pauseReason?: string;
  learned?: { rate: number; since: number; concurrency?: number; told?: number };
  inFlight: number;
  concurrency?: number;
  limits?: LimiterStatus["limits"];
  queues?: string[];
  accepted: number;
  throttled: number;
  share: number;
  totals: LimiterStatus["totals"];
  shutMs: number;
  disagreement?: string;
  override?: string;
}

/** Null when nobody has started with this definition yet. */
async function inspect<T>(client: Client, prefix: string, queue: string): Promise<T | null> {
  const text = await runScript(client, "inspect", [limiterKey(prefix), prefix, queue, ""]);
  return typeof text === "string" && text !== "" ? (JSON.parse(text) as T) : null;
}

const NO_JOBS: QueueStatus["counts"] = {
  wait: 0,
  paused: 0,
  prioritized: 0,
  delayed: 0,
  active: 0,
  "waiting-children": 0,
  completed: 0,
  failed: 0,
};

/** What a queue that was never used looks like. */
const idleQueue = (queue: Queue): QueueReply => ({
  now: 0,
  depth: 0,
  capacity: queue.capacity,
  level: "open",
  reason: "",
  version: 0,
  since: 0,
  reviewAt: 0,
  drain: 0,
  retryAfter: 0,
  paused: false,
  counts: NO_JOBS,
  skipped: 0,
});

const declaredRate = ({ limits }: Limiter): number | null => {
  const rates = limits.filter(({ unit }) => unit === "requests").map(({ amount, perMs }) => (amount / perMs) * 1_000);
  return rates.length > 0 ? Math.min(...rates) : null;
};

const idleLimiter = (limiter: Limiter): LimiterReply => ({
  now: 0,
  ...(declaredRate(limiter) === null ? {} : { rate: declaredRate(limiter) ?? 0 }),
  phase: "idle",
  adaptive: limiter.adaptive,
  gateUntil: 0,
  why: "",
  half: false,
  inFlight: 0,
  ...(limiter.concurrency === null ? {} : { concurrency: limiter.concurrency }),
  limits: limiter.limits.map((limit) => ({ ...limit, remaining: limit.burst })),
  accepted: 0,
  throttled: 0,
  share: 0,
  totals: { granted: 0, ok: 0, throttled: 0, failed: 0, released: 0, refused: 0, expired: 0 },
  shutMs: 0,
});

export async function readQueueStatus(client: Client, queue: Queue): Promise<QueueStatus> {
  const reply = (await inspect<QueueReply>(client, queue.limiter.prefix, queue.name)) ?? idleQueue(queue);
  return {
    queue: queue.name,
    limiter: queue.limiter.name,
    depth: reply.depth,
    capacity: reply.capacity,
    overCapacity: Math.max(0, reply.depth - reply.capacity),
    level: reply.level,
    reason: reply.reason || null,
    since: Math.floor(reply.since),
    version: reply.version,
    reviewAt: reply.reviewAt > 0 ? Math.floor(reply.reviewAt) : null,
    drainPerSecond: reply.drain,
    oldestJobAgeMs: reply.oldest === undefined ? null : Math.max(0, Math.round(reply.now - reply.oldest)),
    retryAfterMs: reply.retryAfter,
    counts: reply.counts,
    skipped: reply.skipped,
    paused: reply.paused,
    pauseReason: reply.pause?.reason || null,
    disagreement: reply.disagreement ?? null,
  };
}

export async function readLimiterStatus(client: Client, limiter: Limiter): Promise<LimiterStatus> {
  const reply = (await inspect<LimiterReply>(client, limiter.prefix, "")) ?? idleLimiter(limiter);
  const closed = reply.gateUntil > reply.now;
  return {
    limiter: limiter.name,
    rate: reply.rate ?? null,
    phase: reply.phase,
    adaptive: reply.adaptive,
    gate: {
      closed,
      until: closed ? Math.ceil(reply.gateUntil) : null,
      remainingMs: closed ? Math.ceil(reply.gateUntil - reply.now) : 0,
      reason: closed ? (reply.why === "operator" && reply.pauseReason) || reply.why : null,
      halfOpen: reply.half,
    },
    learned: reply.learned
      ? {
          rate: reply.learned.rate,
          ageMs: Math.max(0, Math.round(reply.now - reply.learned.since)),
          concurrency: reply.learned.concurrency ?? null,
          told: reply.learned.told ?? null,
        }
      : null,
    inFlight: reply.inFlight,
    concurrency: reply.concurrency ?? null,
    limits: reply.limits ?? [],
    acceptedPerSecond: reply.accepted,
    throttledPerSecond: reply.throttled,
    throttledShare: reply.share,
    totals: reply.totals,
    shutMs: Math.round(reply.shutMs),
    queues: reply.queues ?? [],
    overridden: reply.override !== undefined,
    disagreement: reply.disagreement ?? null,
  };
}
