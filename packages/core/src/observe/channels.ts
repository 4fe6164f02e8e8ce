import { type Channel, channel } from "node:diagnostics_channel";

/**
 * What happens in this process, told on Node's diagnostics channels: whoever wants figures subscribes, nobody has to be
 * wired to anybody, and what nobody listens to costs one property read. None of it holds job data.
 */

/** One run of a job came to its end. */
export interface RunSeen {
  readonly queue: string;
  /** `failed`: its attempts are used up; `dead`: it failed for good before they were. */
  readonly outcome: "completed" | "failed" | "retried" | "deferred" | "dead";
  /** Why a deferral, or why it is in the failed set. */
  readonly reason: DeferralReason | FailureReason | null;
  /** From the enqueue (plus its delay) to this start (ms). */
  readonly waitMs: number;
  readonly runMs: number;
  /** From the enqueue to now (ms). */
  readonly endToEndMs: number;
  /** Of a deferral: how long the job is put back (ms). */
  readonly delayMs: number;
}

export type DeferralReason = "throttled" | "quota" | "overload";
export const failureReasons = ["attempts", "deferrals", "stalled", "payload", "unrecoverable"] as const;
export type FailureReason = (typeof failureReasons)[number];

/** One call of the API, as `ctx.fetch` saw it or an error told of it. */
export interface RequestSeen {
  readonly limiter: string;
  readonly outcome:
    | "ok"
    | "throttled"
    | "quota_exhausted"
    | "overloaded"
    | "client_error"
    | "server_error"
    | "timeout"
    | "network";
  /** Null where only an error told of the call. */
  readonly durationMs: number | null;
}

/** The API said that it is at its limit. */
export interface SignalSeen {
  readonly limiter: string;
  readonly source: "retry_after_ms" | "retry_after" | "body" | "ratelimit_field" | "reset_header" | "sdk" | "default";
  readonly scope: "requests" | "tokens" | "concurrency" | "secondary" | "daily" | "unknown";
  /** How long it asks to be left alone (ms); 0: it does not say. */
  readonly delayMs: number;
}

/** A job was put back, and the API had not said for how long. */
export interface GuessSeen {
  readonly limiter: string;
  readonly delayMs: number;
}

export interface AdmissionSeen {
  readonly queue: string;
  readonly decision: "accepted" | "duplicate" | "refused";
  /** Of a refusal. */
  readonly reason: string;
  /** How long the producer waited for the answer, its place in the line included (ms). */
  readonly waitMs: number;
  readonly payloadBytes: number;
}

/** A worker got a permit. */
export interface PermitSeen {
  readonly limiter: string;
  /**
   * Since this worker, with a slot free, first found a job waiting and no permit for it (ms); 0 when the permit came at once,
   * with the job. So what is not 0 is time in which a worker could have called the API, and its limit did not let it.
   */
  readonly waitMs: number;
}

/** How trouble with Redis is counted. `other`: it answered with an error that has no kind of its own here. */
export type RedisErrorKind =
  | "oom"
  | "noscript"
  | "readonly"
  | "clusterdown"
  | "crossslot"
  | "connection"
  | "timeout"
  | "noperm"
  | "other";

export interface CommandSeen {
  readonly command: string;
  readonly durationMs: number;
}

const own = <T>(name: string): Observed<T> => new Observed(channel(`headgate:${name}`));

/** A channel with a type; `isWatched` is asked before anything is put together for it. */
export class Observed<T> {
  readonly #channel: Channel;

  constructor(on: Channel) {
    this.#channel = on;
  }

  get isWatched(): boolean {
    return this.#channel.hasSubscribers;
  }

  tell(seen: T): void {
    this.#channel.publish(seen);
  }

  /** Answers how to stop. */
  watch(see: (seen: T) => void): () => void {
    const listener = (seen: unknown): void => see(seen as T);
    this.#channel.subscribe(listener);
    return () => void this.#channel.unsubscribe(listener);
  }
}

export const runs: Observed<RunSeen> = own("run");
export const requests: Observed<RequestSeen> = own("request");
export const signals: Observed<SignalSeen> = own("signal");
export const guesses: Observed<GuessSeen> = own("guess");
export const admissions: Observed<AdmissionSeen> = own("admission");
export const permits: Observed<PermitSeen> = own("permit");
export const commands: Observed<CommandSeen> = own("command");
/** A job whose worker is gone was put back by this process. */
export const stalls: Observed<{ readonly queue: string }> = own("stalled");
export const locksLost: Observed<{ readonly queue: string }> = own("lock-lost");
/** Redis refused a command, or the connection was lost. */
export const faults: Observed<{ readonly kind: RedisErrorKind }> = own("fault");
export const reconnects: Observed<null> = own("reconnect");
/** Errors that were counted instead of reported, because one of their kind had just been. */
export const suppressions: Observed<{ readonly kind: string }> = own("suppressed");
export const drains: Observed<{ readonly queue: string; readonly durationMs: number }> = own("drain");
