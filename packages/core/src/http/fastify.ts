import type { Queue } from "../define/queue.ts";
import type { EnqueueOptions } from "../producer/options.ts";
import type { HttpAnswer } from "./answer.ts";
import { type Enqueues, enqueueAnswer } from "./enqueue.ts";
import { type Leaves, unlessHungUp } from "./hang-up.ts";

/** The part of Fastify's reply that is used; Fastify itself is not imported. Tested with Fastify 5. */
export interface FastifyReplyLike {
  readonly raw: Leaves;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: unknown): unknown;
  hijack(): unknown;
}

/**
 * `const enqueue = enqueueOverHttp(producer)`, then in a route `(request, reply) => enqueue(reply, queue, request.body)`: the job is
 * admitted or refused, and the answer is sent. Refuses unless `onPressure: "wait"` is given, best with a `timeout`; a caller who
 * hangs up ends his wait. Errors that are not Headgate's reject, and reach the error handler.
 */
export const enqueueOverHttp =
  (producer: Enqueues) =>
  async <In, Out, Reply extends FastifyReplyLike>(
    reply: Reply,
    queue: Queue<In, Out>,
    payload: unknown,
    options?: EnqueueOptions,
  ): Promise<Reply> => {
    const answer = await unlessHungUp(reply.raw, options, (all) => enqueueAnswer(producer, queue, payload, all));
    if (answer) sendAnswer(reply, answer);
    else reply.hijack();
    return reply;
  };

/** Sends what `answerResult` or `answerError` gave, for handlers that enqueue by themselves. */
export function sendAnswer<Reply extends FastifyReplyLike>(reply: Reply, answer: HttpAnswer): Reply {
  reply.code(answer.status);
  reply.headers(answer.headers);
  // As text: Fastify's serialiser knows no problem+json.
  reply.send(JSON.stringify(answer.body));
  return reply;
}
