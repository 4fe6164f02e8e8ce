import { median, round } from "../statistics.ts";
import type { Reply } from "./caller.ts";
import type { Look } from "./program.ts";

export interface Summary {
  readonly offeredPerSecond: number;
  /** How many answers there were of each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Refusals without a Retry-After of whole seconds, from 1. */
  readonly unusable: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** CPU time that the gateway's process has used, an answer. */
  readonly cpuMsPerAnswer: number;
  /** How late the event loops were at the worst: what the machine adds to the gateway's own time. */
  readonly loopLatestMs: { readonly gateway: number; readonly callers: number };
  /** Retry-After of the refusals (s), in the median. */
  readonly retryAfterSeconds: number;
  /** Callers that obey Retry-After: jobs that got in, and how often they asked for one, in the median. */
  readonly polite: { readonly jobs: number; readonly tries: number };
  /** Of the gateway's process (MiB): after the first quarter, at the end, and the most. */
  readonly rssMiB: { readonly start: number; readonly end: number; readonly most: number };
}

const MIB = 1_048_576;

export function summarize(
  seconds: number,
  replies: readonly Reply[],
  tries: readonly number[],
  rss: readonly number[],
  { cpuMs, loopDelayMs }: Look,
  callersDelayMs: number,
): Summary {
  const times = replies.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): number =>
    round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0, 1);
  const refused = replies.filter(({ status }) => status === 429);
  const statuses: Record<string, number> = {};
  for (const { status } of replies) statuses[status] = (statuses[status] ?? 0) + 1;
  const mib = (bytes: number | undefined): number => round((bytes ?? 0) / MIB, 1);
  return {
    offeredPerSecond: round(replies.length / seconds, 0),
    statuses,
    unusable: refused.filter(({ retryAfter }) => !/^[1-9]\d*$/.test(retryAfter ?? "")).length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    slowestMs: at(1),
    cpuMsPerAnswer: round(cpuMs / replies.length, 2),
    loopLatestMs: { gateway: round(loopDelayMs, 1), callers: round(callersDelayMs, 1) },
    retryAfterSeconds: refused.length === 0 ? 0 : median(refused.map(({ retryAfter }) => Number(retryAfter))),
    polite: { jobs: tries.length, tries: tries.length === 0 ? 0 : median(tries) },
    rssMiB: { start: mib(rss[Math.floor(rss.length / 4)]), end: mib(rss.at(-1)), most: mib(Math.max(0, ...rss)) },
  };
}
