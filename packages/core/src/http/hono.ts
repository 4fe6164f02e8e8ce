import type { Context } from "hono";
import type { Queue } from "../define/queue.ts";
import type { EnqueueOptions } from "../producer/options.ts";
import type { HttpAnswer } from "./answer.ts";
import { type Enqueues, enqueueAnswer } from "./enqueue.ts";
import { follow } from "./hang-up.ts";

/** The part of Hono's context that is used; only its types are imported. Tested with Hono 4. */
export type HonoContextLike = Pick<Context, "newResponse"> & {
  readonly req: { readonly raw: { readonly signal: AbortSignal } };
};

/** The caller has left: the status is for logs only, as proxies write it. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * `const enqueue = enqueueOverHttp(producer)`, then in a route `async (c) => enqueue(c, queue, await c.req.json())`: the job is
 * admitted or refused, and the answer comes back. Refuses unless `onPressure: "wait"` is given, best with a `timeout`; a caller who
 * hangs up ends his wait. Errors that are not Headgate's reject, and reach `app.onError`.
 */
export const enqueueOverHttp =
  (producer: Enqueues) =>
  async <In, Out>(
    context: HonoContextLike,
    queue: Queue<In, Out>,
    payload: unknown,
    options?: EnqueueOptions,
  ): Promise<Response> => {
    const left = context.req.raw.signal;
    const ended = new AbortController();
    const unfollow = [left, options?.signal].map((signal) => follow(signal, ended));
    try {
      return sendAnswer(context, await enqueueAnswer(producer, queue, payload, { ...options, signal: ended.signal }));
    } catch (error) {
      if (!left.aborted) throw error;
      return context.newResponse(null, CLIENT_CLOSED_REQUEST as 400);
    } finally {
      for (const stop of unfollow) stop();
    }
  };

/** The response for what `answerResult` or `answerError` gave, for handlers that enqueue by themselves; keeps headers already set. */
export const sendAnswer = (
  context: Pick<HonoContextLike, "newResponse">,
  { status, headers, body }: HttpAnswer,
): Response => context.newResponse(JSON.stringify(body), status as 400, { ...headers });
