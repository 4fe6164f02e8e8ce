import { onAbort } from "../producer/on-abort.ts";
import type { EnqueueOptions } from "../producer/options.ts";
import type { HttpAnswer } from "./answer.ts";

/** The part of Node's response that tells when the caller has left. */
export interface Leaves {
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
}

/** Ends the wait of a caller who hangs up; null then, as nobody is there to be answered. */
export async function unlessHungUp(
  response: Leaves,
  options: EnqueueOptions | undefined,
  answer: (options: EnqueueOptions) => Promise<HttpAnswer>,
): Promise<HttpAnswer | null> {
  if (response.destroyed) return null;
  const ended = new AbortController();
  let left = false;
  response.once("close", () => {
    if (response.writableFinished) return;
    left = true;
    ended.abort();
  });
  const unfollow = follow(options?.signal, ended);
  try {
    return await answer({ ...options, signal: ended.signal });
  } catch (error) {
    if (left) return null;
    throw error;
  } finally {
    unfollow();
  }
}

/**
 * Aborts with the signal, until told otherwise. Not AbortSignal.any: a signal that lives as long as the server would remember
 * every request of its life (Node 20 keeps a WeakRef each).
 */
export function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (signal === undefined) return () => undefined;
  if (!signal.aborted) return onAbort(signal, (reason) => controller.abort(reason));
  controller.abort(signal.reason);
  return () => undefined;
}
