import type { Queue } from "../define/queue.ts";
import type { EnqueueOptions } from "../producer/options.ts";
import type { EnqueueResult } from "../producer/result.ts";
import { answerError, answerResult, type HttpAnswer } from "./answer.ts";

/** The part of a producer that is needed to answer requests. */
export interface Enqueues {
  enqueue<In, Out>(queue: Queue<In, Out>, payload: In, options?: EnqueueOptions): Promise<EnqueueResult>;
}

/**
 * Enqueues, and gives what to answer. Unlike `enqueue` it refuses unless told to wait: a web server that holds requests open while
 * an API is slow has moved the backlog into itself. Rejects only with what is not Headgate's, and with the signal's reason.
 */
export async function enqueueAnswer<In, Out>(
  producer: Enqueues,
  queue: Queue<In, Out>,
  payload: unknown,
  options: EnqueueOptions = {},
): Promise<HttpAnswer> {
  try {
    // What came over the network has no type yet: the queue's schema decides.
    const result = await producer.enqueue(queue, payload as In, { onPressure: "refuse", ...options });
    return answerResult(queue as Queue, result);
  } catch (error) {
    const answer = options.signal?.aborted ? null : answerError(error);
    if (answer === null) throw error;
    return answer;
  }
}
