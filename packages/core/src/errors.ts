import { inspect } from "node:util";

/**
 * Every error that Headgate throws, and every reason with which it fails a job. docs/errors.md says the same at length; a
 * test keeps the two equal.
 */
export const errorTable = {
  HG_OPTION_INVALID: { summary: "An option is not what it has to be", fix: "Correct the option named in the message." },
  HG_NAME_INVALID: { summary: "A name cannot be used in Redis keys", fix: "Use 1 to 64 of A-Z a-z 0-9 . _ -" },
  HG_ID_INVALID: { summary: "A job id cannot be used", fix: "Use any string of 1 to 256 UTF-8 bytes." },
  HG_PAYLOAD_INVALID: {
    summary: "A payload does not fit the queue's schema",
    fix: "Correct the payload, or the schema in defineQueue.",
  },
  HG_PAYLOAD_TOO_LARGE: {
    summary: "A payload is larger than the queue takes",
    fix: "Store the data elsewhere and enqueue a reference, or raise maxPayloadBytes.",
  },
  HG_COST_INVALID: {
    summary: "A queue's cost is not a number for each unit",
    fix: "Return finite numbers >= 0 from cost().",
  },
  HG_COST_ABOVE_LIMIT: {
    summary: "A job costs more than its limit can ever grant",
    fix: "Split the job, or raise the limit's amount.",
  },
  HG_BULLMQ_INCOMPATIBLE: {
    summary: "The installed bullmq is not one that Headgate composes with",
    fix: "Install bullmq 6.7.x.",
  },
  HG_BACKEND_UNSUPPORTED: {
    summary: "Only Redis can be the backend",
    fix: "Pass a Redis URL, ioredis options or an ioredis client as connection.",
  },
  HG_KEY_PREFIX_UNSUPPORTED: {
    summary: "ioredis' keyPrefix cannot be used",
    fix: "Remove keyPrefix; set namespace in defineLimiter instead.",
  },
  HG_REDIS_UNREACHABLE: { summary: "Redis does not answer", fix: "Start Redis, or correct the connection." },
  HG_REDIS_TLS: {
    summary: "Redis and this process do not trust each other's certificates",
    fix: "Name your own CA in NODE_EXTRA_CA_CERTS, or pass ioredis options with tls: { ca, cert, key } as connection.",
  },
  HG_REDIS_AUTH: {
    summary: "Redis does not let this user do what Headgate needs",
    fix: "Correct user and password, or the user's ACL: docs/operating.md lists what is needed.",
  },
  HG_REDIS_VERSION: { summary: "Redis is too old", fix: "Upgrade to Redis 7 or Valkey 8." },
  HG_REDIS_EVICTION: {
    summary: "Redis may evict keys, and with them jobs and locks",
    fix: "CONFIG SET maxmemory-policy noeviction, and set it in redis.conf.",
  },
  HG_STATE_FORMAT: {
    summary: "Another version of Headgate works on this limiter, and its state cannot be read",
    fix: "Drain every fleet and stop every producer of the older version first, then start the newer one.",
  },
  HG_REDIS_UNAVAILABLE: {
    summary: "Redis cannot serve now",
    fix: "Retry with the same id: one enqueue makes one job.",
  },
  HG_QUEUE_MOVED: {
    summary: "A queue that holds jobs belongs to another limiter",
    fix: "Move it with headgate move, drain it first, or keep it on its limiter.",
  },
  HG_MOVE_BLOCKED: {
    summary: "A queue cannot be moved to another limiter now",
    fix: "Stop its workers, let its flows end, and move it again.",
  },
  HG_LIMITER_FULL: { summary: "A limiter has its most queues", fix: "Use another limiter, or fewer queues." },
  HG_WAIT_IN_WORKER: {
    summary: "A processor would wait for room that its own run holds up",
    fix: 'Enqueue with onPressure "refuse" from processors, or on another limiter.',
  },
  HG_CLOSED: { summary: "It was closed", fix: "Create a new one." },
  HG_REFUSED: {
    summary: "A stream's job was refused",
    fix: "Leave out the timeout, or handle the error of the stream.",
  },
  HG_FLOW_CROSSES_LIMITERS: {
    summary: "The queues of a flow have different limiters",
    fix: "Give its queues one limiter: only then can it be admitted whole.",
  },
  HG_FLOW_TOO_LARGE: {
    summary: "A flow has more jobs than can ever be admitted at once",
    fix: "Split the flow, or raise the queue's capacity.",
  },
  HG_FLOW_CONFLICT: {
    summary: "A job of a flow is there already, as a child of another",
    fix: "Use other ids: a job has one parent.",
  },
  HG_DEFERRALS_EXHAUSTED: {
    summary: "A job was put back too often, or for too long",
    fix: "Raise deferrals.max or deferrals.maxAge, or ask the API for a higher limit.",
  },
  HG_JOB_TIMEOUT: {
    summary: "A run took longer than the queue's timeout",
    fix: "Raise timeout, or make the processor obey ctx.signal.",
  },
  HG_SANDBOX_DIED: {
    summary: "A job's own process ended while it ran the job",
    fix: "Look at what the job does: an exit, an exception that nobody caught, or more memory than sandbox.heapMb.",
  },
  HG_JOB_STALLED: {
    summary: "A job's worker died or stood still too often while it ran the job",
    fix: "Look at what the job does to its process; raise maxStalledCount only for crashes that are not its own.",
  },
  HG_DEADLINE_EXCEEDED: {
    summary: "A job's deadline passed before it could run",
    fix: "Give it a later deadline, or enqueue less than the API takes.",
  },
  HG_JOB_FAILED: { summary: "The job failed", fix: "See its reason, and its log in Bull Board." },
  HG_JOB_NOT_FOUND: {
    summary: "There is no such job",
    fix: "Check the id; finished jobs are forgotten after the queue's retention.",
  },
  HG_RESULT_TIMEOUT: { summary: "A result did not come in time", fix: "Pass a longer timeout." },
  HG_LOCK_LOST: {
    summary: "A worker lost the lock of a job it was running",
    fix: "Do not block the event loop for longer than lockDuration.",
  },
  HG_NOT_REGISTERED: {
    summary: "The limiter or queue was never registered in this Redis",
    fix: "Start a producer or worker with its definition first.",
  },
  HG_TARGET_UNKNOWN: {
    summary: "The configuration has no such queue or limiter",
    fix: "Use a name from the configuration.",
  },
  HG_TARGET_AMBIGUOUS: {
    summary: "A queue and a limiter have this name",
    fix: "Write queue:<name> or limiter:<name>.",
  },
  HG_INPUT_UNREADABLE: {
    summary: "The input cannot be read",
    fix: "Check the file's path and permissions, or use - for standard input.",
  },
  HG_INTERNAL: { summary: "Something that Headgate did not expect", fix: "Run again with --debug and report it." },
  HG_USAGE: { summary: "A command was called in a way that it does not know", fix: "See headgate <command> --help." },
  HG_BOARD_UNPROTECTED: {
    summary: "The board would be open to the network without a password",
    fix: "Set HEADGATE_BOARD_PASSWORD, or bind to 127.0.0.1.",
  },
  HG_BOARD_PORT: { summary: "The board's port cannot be used", fix: "Pass another --port, or 0 for any." },
  HG_GATEWAY_UNPROTECTED: {
    summary: "The gateway would take jobs from anybody",
    fix: "Set HEADGATE_GATEWAY_TOKENS, or pass tokens. Without authentication (--no-auth) only 127.0.0.1 will do.",
  },
  HG_GATEWAY_PORT: { summary: "The gateway's port cannot be used", fix: "Pass another --port, or 0 for any." },
  HG_FILE_EXISTS: {
    summary: "A file would be overwritten",
    fix: "Choose an empty folder, or pass --force.",
  },
  HG_WORKER_PORT: { summary: "The fleet's port cannot be used", fix: "Pass another --port, or 0 for any." },
  HG_CRASH_LOOP: {
    summary: "The processes of a fleet ended again and again right after their start",
    fix: "Run one with --processes 1 --debug and see what ends it.",
  },
  HG_CONFIG_NOT_FOUND: {
    summary: "There is no configuration file",
    fix: "Write headgate.config.ts, or name one with --config.",
  },
  HG_CONFIG_INVALID: {
    summary: "The configuration file cannot be used",
    fix: "Correct the option named in the message.",
  },
} as const;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorParts {
  /** What in particular, in front of the summary: `defineQueue("mail").capacity`. */
  readonly what?: string | undefined;
  /** Instead of the code's summary. */
  readonly message?: string | undefined;
  readonly expected?: string | undefined;
  /** Shown shortened. Never a payload. */
  readonly got?: unknown;
  readonly fix?: string | undefined;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

const BRAND: unique symbol = Symbol.for("headgate.error");
const GOT_MOST = 200;

/** Recognise it by `code` or with `isHeadgateError`, never by `instanceof`: there may be two copies of the package. */
export class HeadgateError extends Error {
  override readonly name = "HeadgateError";
  readonly code: ErrorCode;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly fix: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Of an enqueue that failed: the job's id, with which a retry is safe. */
  readonly id: string | undefined;
  /** Of an enqueue that failed: whether it may have been stored. */
  readonly outcome: "unknown" | "not-sent" | undefined;

  constructor(code: ErrorCode, parts: ErrorParts = {}) {
    const { summary, fix } = errorTable[code];
    const got = parts.got === undefined ? undefined : shorten(parts.got);
    const found = [
      parts.expected === undefined ? "" : `expected ${parts.expected}`,
      got === undefined ? "" : `got ${got}`,
    ];
    const middle = found.filter(Boolean).join(", ");
    super(
      `${code}: ${parts.what ? `${parts.what}: ` : ""}${parts.message ?? summary}${middle ? ` — ${middle}` : ""}. ${parts.fix ?? fix}`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
    this.expected = parts.expected;
    this.got = got;
    this.fix = parts.fix ?? fix;
    this.details = Object.freeze({ ...parts.details });
    this.id = this.details["id"] as string | undefined;
    this.outcome = this.details["outcome"] as "unknown" | "not-sent" | undefined;
  }
}

export const headgateError = (code: ErrorCode, parts?: ErrorParts): HeadgateError => new HeadgateError(code, parts);

export function isHeadgateError(error: unknown, code?: ErrorCode): error is HeadgateError {
  if (typeof error !== "object" || error === null || (error as Record<symbol, unknown>)[BRAND] !== true) return false;
  return code === undefined || (error as HeadgateError).code === code;
}

/** A value as code would write it: `"3"` is no 3. A value's own `inspect` is not run. */
export const shown = (value: unknown): string =>
  value === undefined
    ? "nothing"
    : typeof value === "string"
      ? JSON.stringify(value)
      : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, customInspect: false });

/** One line: control characters of a job id must not reach a terminal or forge a line of a log. */
function shorten(value: unknown): string {
  const text = (typeof value === "string" ? value : shown(value)).replace(/\p{Cc}+/gu, " ");
  return text.length > GOT_MOST ? `${text.slice(0, GOT_MOST)}…` : text;
}
