import { setTimeout as after } from "node:timers/promises";
import type { Queue } from "headgate";
import { answerError, answerProblem, type HttpAnswer } from "headgate/http";
import { headgateError } from "headgate/internal";
import type { Producer } from "headgate/producer";

/** Redis has this long to answer (ms). */
const PATIENCE_MS = 1_000;
/** Anybody may ask: an answer this young (ms) is given again, so that asking costs Redis next to nothing. */
const MAX_AGE_MS = 500;

/** Null while jobs can be taken, else what to answer. */
export function readiness(
  producer: Producer,
  queues: readonly Queue[],
  stopping: AbortSignal,
): () => Promise<HttpAnswer | null> {
  let latest: { readonly at: number; readonly answer: Promise<HttpAnswer | null> } | undefined;
  const ask = async (): Promise<HttpAnswer | null> => {
    const [queue] = queues;
    const done = new AbortController();
    const late = after(PATIENCE_MS, true, { signal: done.signal }).catch(() => false);
    try {
      const asked = queue ? producer.status(queue) : producer.ready();
      // Its own failure comes out below, or nobody waits for it any more.
      asked.catch(() => undefined);
      const isLate = await Promise.race([asked.then(() => false), late]);
      return isLate ? answerError(headgateError("HG_REDIS_UNREACHABLE")) : null;
    } catch (error) {
      return answerError(error) ?? answerProblem(503, "Redis does not answer.", "HG_REDIS_UNREACHABLE");
    } finally {
      done.abort();
    }
  };
  return () => {
    if (stopping.aborted) return Promise.resolve(answerError(stopping.reason));
    const at = performance.now();
    if (latest === undefined || at - latest.at > MAX_AGE_MS) latest = { at, answer: ask() };
    return latest.answer;
  };
}
