import { isHeadgateError } from "headgate";

/** One lifecycle event of a fleet, of a worker or of one of its jobs. Never holds payloads, results or headers. */
export interface LogEvent {
  readonly event: string;
  readonly queue?: string;
  readonly [field: string]: string | number | boolean | null;
}

/** `12:30:01.250 completed summarize id=a attempt=1`. Values with spaces or control characters are quoted. */
export function logLine({ event, queue, ...fields }: LogEvent, at: Date): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`);
  return [at.toISOString().slice(11, 23), event, ...(queue === undefined ? [] : [queue]), ...pairs].join(" ");
}

function plain(value: string | number | boolean | null): string {
  if (typeof value !== "string") return String(value);
  return /^[\w.:@/+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** The word that an error of Redis, or of our scripts, begins with: READONLY, LOADING, HG_NOT_REGISTERED. */
const REPLY = /^[A-Z][A-Z_]+(?= )/;

/**
 * What of an error may be logged. A processor's own message can hold job data, and an ioredis error carries the
 * command that failed, so only our coded messages are shown in full.
 */
export function errorFields(error: unknown): { readonly error: string; readonly message?: string } {
  if (isHeadgateError(error)) return { error: error.code, message: error.message };
  if (!(error instanceof Error)) return { error: typeof error };
  const { code } = error as NodeJS.ErrnoException;
  const word =
    typeof code === "string" ? code : error.name === "ReplyError" ? REPLY.exec(error.message)?.[0] : undefined;
  return { error: word === undefined ? error.name : `${error.name}:${word}` };
}
