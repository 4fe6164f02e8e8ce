import { type HeadgateError, isHeadgateError } from "headgate";
import { readServer } from "headgate/internal";
import { count, duration } from "../output/figures.ts";
import type { Facts } from "./facts.ts";

export interface Finding {
  readonly check: Check;
  readonly level: "ok" | "warning" | "error";
  /** What was found, with the number. */
  readonly found: string;
  /** What to do about it; null when nothing is wrong. */
  readonly fix: string | null;
}

export type Check = "redis" | "eviction" | "memory" | "latency" | "clock" | "bullmq" | "workers" | "cluster";

const ok = (check: Check, found: string): Finding => ({ check, level: "ok", found, fix: null });

/** Admission stands on memory that is left: see docs/command-line.md for these numbers. */
const MEMORY_WARNING = 0.7;
const MEMORY_ERROR = 0.85;
/** A job takes two round trips, an enqueue one. */
const LATENCY_WARNING_MS = 5;
const LATENCY_ERROR_MS = 25;
/** BullMQ takes delays and backoff from the hosts' clocks; everything of Headgate's own runs on Redis' clock. */
const CLOCK_WARNING_MS = 500;
const CLOCK_ERROR_MS = 5_000;

/** Pure: what is wrong with Redis and with what is connected to it, one finding a check and a queue. */
export function diagnose(facts: Facts): readonly Finding[] {
  return [
    ...serverFindings(facts.info),
    memoryFinding(facts.info),
    latencyFinding(facts.pingsMs),
    clockFinding(facts.clockAheadMs),
    bullmqFinding(facts.bullmq),
    ...facts.workers.map(workersFinding),
    ...clusterFindings(facts),
  ];
}

const numberIn = (info: string, field: string): number =>
  Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? 0);

/** What a start of Headgate refuses is said in the same words. */
function serverFindings(info: string): readonly Finding[] {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "unknown";
  const withoutPolicy = info.replace(/^maxmemory_policy:.*$/m, "");
  return [
    refusedBy("redis", withoutPolicy, ({ version, scriptFlags }) =>
      scriptFlags
        ? ok("redis", `version ${version}`)
        : {
            check: "redis",
            level: "warning",
            found: `version ${version}: when its memory is full, workers cannot go on either`,
            fix: "Upgrade to Redis 7 or Valkey 8.",
          },
    ),
    refusedBy("eviction", info.replace(/^(redis|valkey)_version:.*$/gm, "redis_version:7.0.0"), () =>
      ok("eviction", `policy ${policy}`),
    ),
  ];
}

function refusedBy(check: Check, info: string, fine: (server: ReturnType<typeof readServer>) => Finding): Finding {
  try {
    return fine(readServer(info));
  } catch (error) {
    if (!isHeadgateError(error)) throw error;
    return { check, level: "error", found: serverText(error), fix: error.fix };
  }
}

const serverText = ({ code, expected, got }: HeadgateError): string =>
  `${code}: ${got ?? "unknown"}${expected === undefined ? "" : `, at least ${expected} is needed`}`;

function memoryFinding(info: string): Finding {
  const used = numberIn(info, "used_memory");
  const most = numberIn(info, "maxmemory");
  const machine = numberIn(info, "total_system_memory");
  const bound = most > 0 ? most : machine;
  if (bound === 0) return ok("memory", `${megabytes(used)} used`);
  const share = used / bound;
  const of = most > 0 ? "maxmemory" : "the machine's memory, as no maxmemory is set";
  const found = `${megabytes(used)} used, ${Math.round(share * 100)} % of ${of} (${megabytes(bound)})`;
  if (share < MEMORY_WARNING) return ok("memory", found);
  return {
    check: "memory",
    level: share < MEMORY_ERROR ? "warning" : "error",
    found,
    fix: "Raise maxmemory (CONFIG SET maxmemory, and redis.conf), lower the queues' capacity, or keep finished jobs for less long (retention).",
  };
}

const megabytes = (bytes: number): string => `${count(bytes / 1_048_576)} MiB`;

function latencyFinding(pingsMs: readonly number[]): Finding {
  const sorted = [...pingsMs].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  const found = `${median.toFixed(1)} ms a round trip, at worst ${worst.toFixed(1)} ms`;
  if (median < LATENCY_WARNING_MS) return ok("latency", found);
  return {
    check: "latency",
    level: median < LATENCY_ERROR_MS ? "warning" : "error",
    found: `${found}: a slot does at most ${count(1_000 / (2 * median))} jobs per second`,
    fix: "Run workers and producers next to Redis (same zone), look for slow commands with SLOWLOG GET, and for a busy CPU.",
  };
}

function clockFinding(aheadMs: number): Finding {
  const apart = Math.abs(aheadMs);
  const found = `this machine's clock is ${duration(apart)} ${aheadMs < 0 ? "behind" : "ahead of"} Redis'`;
  if (apart < CLOCK_WARNING_MS) return ok("clock", found);
  return {
    check: "clock",
    level: apart < CLOCK_ERROR_MS ? "warning" : "error",
    found: `${found}: plain delays and backoff are off by that much (limits are not)`,
    fix: "Let both machines follow one time source (chrony or systemd-timesyncd; timedatectl shows it).",
  };
}

function bullmqFinding({ differences, version, projectVersion }: Facts["bullmq"]): Finding {
  if (differences.length > 0) {
    return {
      check: "bullmq",
      level: "error",
      found: `bullmq ${version ?? "?"} differs from what Headgate composes with: ${differences.join("; ")}`,
      fix: "Install bullmq 6.7.x.",
    };
  }
  if (projectVersion !== null && projectVersion !== version) {
    return {
      check: "bullmq",
      level: "error",
      found: `the project uses bullmq ${projectVersion}, Headgate ${version ?? "another"}: two versions on one queue corrupt it`,
      fix: `Install bullmq ${version ?? "6.7.x"} in the project, so that there is one copy.`,
    };
  }
  return ok("bullmq", `version ${version ?? "unknown"}`);
}

function workersFinding({ queue, connected }: Facts["workers"][number]): Finding {
  if (connected === null) return ok("workers", `${queue}: Redis does not say who is connected`);
  if (connected.plain === 0) return ok("workers", `${queue}: ${count(connected.headgate)} of Headgate's`);
  return {
    check: "workers",
    level: "error",
    found: `${queue}: ${count(connected.plain)} plain BullMQ workers beside ${count(connected.headgate)} of Headgate's: they take no permits, so limits do not hold for them`,
    fix: "Replace new Worker(…) of bullmq by createWorker(…) of headgate/worker, or headgate worker.",
  };
}

function clusterFindings({ info, untagged }: Facts): readonly Finding[] {
  if (!/^cluster_enabled:1/m.test(info)) return [ok("cluster", "a single Redis")];
  if (untagged.length === 0) return [ok("cluster", "every queue has a hash tag")];
  return untagged.map((queue) => ({
    check: "cluster" as const,
    level: "error" as const,
    found: `queue ${queue} has no hash tag: its keys lie in different slots, and scripts end in CROSSSLOT`,
    fix: 'Give its BullMQ prefix braces, as { prefix: "{mail}" }; queues of Headgate\'s have them.',
  }));
}
