import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Queue } from "headgate";
import { answerError, answerProblem, type HttpAnswer } from "headgate/http";
import { enqueueOverHttp, sendAnswer } from "headgate/http/fastify";
import { headgateError, mayAnswer } from "headgate/internal";
import type { Producer } from "headgate/producer";
import { readiness } from "./health.ts";
import { jobOptions } from "./job-options.ts";
import { openApi } from "./openapi/document.ts";
import { answerLines } from "./stream.ts";
import type { IsAllowed } from "./tokens.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface GatewayApp {
  readonly producer: Producer;
  readonly queues: readonly Queue[];
  readonly isAllowed: IsAllowed;
  readonly authenticated: boolean;
  readonly maxBodyBytes: number;
  readonly maxWaitMs: number;
  readonly maxWaiting: number;
  /** Aborted with what waits are answered with. */
  readonly stopping: AbortSignal;
  readonly metrics: (() => Promise<string>) | null;
  readonly onError: (error: unknown) => void;
}

type ForQueue = FastifyRequest<{ Params: { queue: string } }>;

const NDJSON = "application/x-ndjson";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
/** A caller that neither sends nor takes anything for this much longer than the longest wait is gone (ms). */
const IDLE_MS = 60_000;

/** The gateway's routes. Order matters: who may ask, then what he asks. */
export function gatewayApp(parts: GatewayApp): FastifyInstance {
  const { producer, isAllowed, authenticated, maxBodyBytes, maxWaitMs, stopping, metrics, onError } = parts;
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    connectionTimeout: maxWaitMs + IDLE_MS,
    forceCloseConnections: "idle",
    routerOptions: { caseSensitive: true },
  });
  const queues = new Map(parts.queues.map((queue) => [queue.name, queue]));
  const room = new WaitingRoom(parts.maxWaiting);
  const enqueue = enqueueOverHttp(producer);
  const document = openApi(parts.queues, authenticated, metrics !== null);

  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload));
  app.setErrorHandler((error: FastifyError, _request, reply) => sendAnswer(reply, answerOf(error, onError)));
  app.setNotFoundHandler((_request, reply) => sendAnswer(reply, answerProblem(404, "There is nothing here.")));

  app.get("/healthz", () => ({ status: "ok" }));
  const ready = readiness(producer, parts.queues, stopping);
  app.get("/readyz", async (_request, reply) => {
    const problem = await ready();
    return problem === null ? { status: "ok" } : sendAnswer(reply, problem);
  });

  app.register(async (guarded) => {
    guarded.addHook("onRequest", async (request, reply) => {
      if (!mayAnswer(request.headers.host, authenticated)) {
        return sendAnswer(reply, answerProblem(421, "This gateway has no tokens, so it only answers on localhost."));
      }
      if (isAllowed(request.headers.authorization)) return;
      reply.header("www-authenticate", 'Bearer realm="headgate"');
      return sendAnswer(reply, answerProblem(401, "A bearer token is needed."));
    });
    guarded.get("/openapi.json", () => document);
    if (metrics) guarded.get("/metrics", async (_request, reply) => reply.type(PROMETHEUS).send(await metrics()));
    guarded.get("/queues/:queue", (request: ForQueue) => producer.status(queueOf(request)));
    guarded.post("/queues/:queue/jobs", (request: ForQueue, reply) => {
      const queue = queueOf(request);
      const options = jobOptions(request.headers, request.query, maxWaitMs);
      if (options.waitMs > 0) reply.header("preference-applied", `wait=${options.waitMs / 1_000}`);
      if (request.body instanceof Readable) return stream(request.body, reply, queue, options);
      const { waitMs, ...rest } = options;
      return room.pass(waitMs, (how) => enqueue(reply, queue, request.body, { ...rest, ...how, signal: stopping }));
    });
  });
  return app;

  function queueOf({ params }: ForQueue): Queue {
    const queue = queues.get(params.queue);
    if (queue) return queue;
    throw headgateError("HG_TARGET_UNKNOWN", { got: params.queue });
  }

  function stream(
    body: Readable,
    reply: FastifyReply,
    queue: Queue,
    options: ReturnType<typeof jobOptions>,
  ): FastifyReply {
    const ended = new AbortController();
    setMaxListeners(0, ended.signal);
    const stop = (): void => ended.abort(stopping.reason);
    if (stopping.aborted) stop();
    stopping.addEventListener("abort", stop, { once: true });
    reply.raw.once("close", () => {
      // It outlives every request, and would remember each.
      stopping.removeEventListener("abort", stop);
      ended.abort();
    });
    const lines = answerLines(body, {
      producer,
      room,
      queue,
      options,
      maxLineBytes: maxBodyBytes,
      signal: ended.signal,
    });
    reply.header("content-type", NDJSON);
    return reply.send(Readable.from(lines, { highWaterMark: 64 }));
  }
}

function answerOf(error: FastifyError, onError: (error: unknown) => void): HttpAnswer {
  const known = answerError(error);
  if (known && "code" in known.body) {
    if (known.body.code === "HG_TARGET_UNKNOWN")
      return answerProblem(404, "There is no such queue.", "HG_TARGET_UNKNOWN");
    // Only what the request itself says is checked with it here.
    if (known.body.code === "HG_OPTION_INVALID") return answerProblem(400, error.message, "HG_OPTION_INVALID");
  }
  if (known) {
    if (known.status === 500) onError(error);
    return known;
  }
  // Fastify's own: its messages quote nothing of the body, but JSON.parse's do.
  const { statusCode = 500 } = error;
  if (statusCode >= 400 && statusCode < 500)
    return answerProblem(statusCode, details[statusCode] ?? "The request is not understood.");
  onError(error);
  return answerProblem(500, "Something that Headgate did not expect.", "HG_INTERNAL");
}

const details: Readonly<Record<number, string>> = {
  400: "The body is no JSON.",
  413: "The body is larger than the gateway takes.",
  415: `Expected application/json or ${NDJSON}.`,
};
