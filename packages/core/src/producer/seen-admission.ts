import { type AdmissionSeen, admissions } from "../observe/channels.ts";
import { tellFault } from "../observe/redis-error-kind.ts";
import type { EnqueueResult } from "./result.ts";

type Answered = Pick<AdmissionSeen, "decision" | "reason" | "waitMs">;

/** Tells whoever watches how an enqueue ended, and of a fault of Redis. */
export function tellOf(queue: string, payload: unknown, answer: Promise<EnqueueResult>): void {
  tellWhen(answer, (answered) => {
    const payloadBytes = Buffer.byteLength(JSON.stringify(payload) ?? "");
    admissions.tell({ queue, ...answered, payloadBytes });
  });
}

/** The same of a flow: all of its jobs have one answer. */
export function tellOfFlow(
  answer: Promise<EnqueueResult>,
  jobs: readonly { readonly queue: string; readonly data: string }[],
): void {
  tellWhen(answer, (answered) => {
    for (const { queue, data } of jobs) {
      admissions.tell({ queue, ...answered, payloadBytes: Buffer.byteLength(data) });
    }
  });
}

function tellWhen(answer: Promise<EnqueueResult>, tell: (answered: Answered) => void): void {
  const from = performance.now();
  answer.then((result) => {
    const waitMs = performance.now() - from;
    if (!result.accepted) tell({ decision: "refused", reason: result.reason, waitMs });
    else tell({ decision: result.duplicate ? "duplicate" : "accepted", reason: "", waitMs });
  }, tellFault);
}
