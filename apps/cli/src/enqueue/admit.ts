import { isHeadgateError, type Queue } from "headgate";
import type { Producer } from "headgate/producer";
import type { LineJob } from "./parse-line.ts";
import type { LineEnd } from "./tally.ts";

export interface AdmitOptions {
  readonly onPressure: "wait" | "refuse";
  readonly signal: AbortSignal;
}

/** Errors that are about the line; every other one is about Redis or about us and ends the run. */
const lineErrors: ReadonlySet<string> = new Set([
  "HG_PAYLOAD_INVALID",
  "HG_PAYLOAD_TOO_LARGE",
  "HG_COST_ABOVE_LIMIT",
  "HG_COST_INVALID",
  "HG_ID_INVALID",
]);

/** One admission for one line. Throws only what ends the run. */
export async function admit(producer: Producer, queue: Queue, job: LineJob, options: AdmitOptions): Promise<LineEnd> {
  const { payload, ...rest } = job;
  try {
    const result = await producer.enqueue(queue, payload, { ...rest, ...options });
    if (!result.accepted) return { kind: "refused", reason: result.reason, retryAfterMs: result.retryAfterMs };
    return { kind: result.duplicate ? "duplicate" : "accepted" };
  } catch (error) {
    if (isHeadgateError(error) && lineErrors.has(error.code)) return { kind: "invalid", why: error.message };
    if (options.signal.aborted) return { kind: "unknown" };
    throw error;
  }
}
