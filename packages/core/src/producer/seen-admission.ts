import { admissions, faults } from "../observe/channels.ts";
import { faultOf } from "../redis/fault.ts";
import type { EnqueueResult } from "./result.ts";

/** Tells whoever watches how an enqueue ended, and of a fault of Redis. */
export function tellOf(queue: string, payload: unknown, answer: Promise<EnqueueResult>): void {
  const from = performance.now();
  answer.then(
    (result) => {
      const decision = result.accepted ? (result.duplicate ? "duplicate" : "accepted") : "refused";
      const reason = result.accepted ? "" : result.reason;
      const payloadBytes = Buffer.byteLength(JSON.stringify(payload) ?? "");
      admissions.tell({ queue, decision, reason, waitMs: performance.now() - from, payloadBytes });
    },
    (error: unknown) => {
      const kind = faultOf((error as { cause?: unknown }).cause);
      if (kind !== null) faults.tell({ kind });
    },
  );
}
