import type { Queue } from "../define/queue.ts";
import type { EnqueueResult } from "../producer/result.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/**
 * `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11. The policy is the queue: its quota is `capacity`.
 *
 * The unit has to come from the draft's registry, which has no jobs. `concurrent-requests` says what a capacity is: an accepted
 * request holds one unit until its job has ended, whenever that is. So there is no window.
 *
 * Written without a library for structured fields: of a queue's name (A-Z a-z 0-9 . _ -) nothing has to be escaped, and the rest
 * are whole numbers far below the 15 digits of the standard. The tests read it back with one.
 */
export function rateLimitFields(
  queue: Pick<Queue, "name" | "capacity" | "watermarks">,
  result: EnqueueResult,
): { readonly "ratelimit-policy": string; readonly ratelimit: string } {
  const left = result.accepted ? `;r=${roomOf(queue, result)}` : `;r=0;t=${retryAfterSeconds(result.retryAfterMs)}`;
  return {
    "ratelimit-policy": `"${queue.name}";q=${queue.capacity};qu="concurrent-requests"`,
    ratelimit: `"${queue.name}"${left}`,
  };
}

/** What may be sent before the queue closes: that is at the high watermark, not at capacity. */
function roomOf(
  { capacity, watermarks }: Pick<Queue, "capacity" | "watermarks">,
  { depth, level }: EnqueueResult,
): number {
  return level === "closed" ? 0 : Math.max(0, Math.floor(capacity * watermarks.high) - depth);
}
