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
  const left = new AbortController();
  if (response.destroyed) return null;
  response.once("close", () => {
    if (!response.writableFinished) left.abort();
  });
  const signal = options?.signal ? AbortSignal.any([left.signal, options.signal]) : left.signal;
  try {
    return await answer({ ...options, signal });
  } catch (error) {
    if (left.signal.aborted) return null;
    throw error;
  }
}
