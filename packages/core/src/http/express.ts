import type { ServerResponse } from "node:http";
import type { Queue } from "../define/queue.ts";
import type { EnqueueOptions } from "../producer/options.ts";
import type { HttpAnswer } from "./answer.ts";
import { type Enqueues, enqueueAnswer } from "./enqueue.ts";
import { unlessHungUp } from "./hang-up.ts";

/**
 * `const enqueue = enqueueOverHttp(producer)`, then in a route `(req, res) => enqueue(res, queue, req.body)`: the job is admitted or
 * refused, and the answer is sent. Refuses unless `onPressure: "wait"` is given, best with a `timeout`; a caller who hangs up ends
 * his wait. Errors that are not Headgate's reject: Express 5 passes them on; older ones need a `.catch(next)`.
 *
 * Express' response is Node's own, and no more of it is used: this serves `node:http` and Connect as well.
 */
export const enqueueOverHttp =
  (producer: Enqueues) =>
  async <In, Out>(
    response: ServerResponse,
    queue: Queue<In, Out>,
    payload: unknown,
    options?: EnqueueOptions,
  ): Promise<void> => {
    const answer = await unlessHungUp(response, options, (all) => enqueueAnswer(producer, queue, payload, all));
    if (answer) sendAnswer(response, answer);
  };

/** Sends what `answerResult` or `answerError` gave, for handlers that enqueue by themselves. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.end(JSON.stringify(answer.body));
}
