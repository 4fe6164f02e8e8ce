import { setMaxListeners } from "node:events";
import { type Connection, type Duration, parseDuration, type Queue } from "headgate";
import { headgateError, urlOf } from "headgate/internal";
import { createProducer } from "headgate/producer";
import { gatewayApp } from "./app.ts";
import { requireProtection, type Tokens, tokenCheck } from "./tokens.ts";

export interface GatewayOptions {
  readonly queues: readonly Queue[];
  /** Redis URL, ioredis options, or an ioredis client, which is duplicated and never closed. */
  readonly connection: Connection;
  /** Bearer tokens, any of which will do; `"none"`: no authentication, on loopback only. */
  readonly tokens?: Tokens | undefined;
  /** Largest body of one job, and longest line of a stream (bytes); default: the largest `maxPayloadBytes` of the queues. */
  readonly maxBodyBytes?: number | undefined;
  /** Longest wait for room that a caller may ask for with `Prefer: wait=<seconds>`; default 30 s, 0: none. */
  readonly maxWait?: Duration | undefined;
  /** Most jobs that wait at once; one more is answered without waiting. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** How long a stop waits for requests that are being answered; default 10 s, then they are cut. */
  readonly stopTimeout?: Duration | undefined;
  /** What `/metrics` answers to bearers of a token, in Prometheus' text format. Default: there is no such path. */
  readonly metrics?: (() => Promise<string>) | undefined;
  /** Called with errors of the background connections and of requests that ended in 500. Default: they are dropped. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 3001; 0 takes a free port. */
  readonly port?: number | undefined;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes no more requests, answers those that are in (waits end with 503), closes connections. May be called twice. */
  close(): Promise<void>;
}

export interface Gateway {
  /**
   * @throws HG_GATEWAY_UNPROTECTED without tokens, HG_GATEWAY_PORT for a port that is taken or not allowed.
   */
  listen(options?: ListenOptions): Promise<RunningGateway>;
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 3001;
const MAX_WAITING = 1_000;

/** HTTP in front of the producer: `POST /queues/:queue/jobs`, `GET /queues/:queue`, `/openapi.json`, `/healthz`, `/readyz`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { queues, connection, tokens, onError = () => undefined } = options;
  const maxWaitMs = parseDuration(options.maxWait ?? "30s");
  const stopTimeoutMs = parseDuration(options.stopTimeout ?? "10s");
  return {
    async listen({ host = DEFAULT_HOST, port = DEFAULT_PORT } = {}) {
      requireProtection(tokens, host);
      const isAllowed = tokenCheck(tokens ?? []);
      const producer = createProducer({ connection });
      producer.on("error", onError);
      const stopping = new AbortController();
      // Every request that is being answered listens, and leaves with its answer.
      setMaxListeners(0, stopping.signal);
      const app = gatewayApp({
        producer,
        queues,
        isAllowed,
        authenticated: tokens !== "none",
        maxBodyBytes: options.maxBodyBytes ?? Math.max(1, ...queues.map((queue) => queue.maxPayloadBytes)),
        maxWaitMs,
        maxWaiting: options.maxWaiting ?? MAX_WAITING,
        stopping: stopping.signal,
        metrics: options.metrics ?? null,
        onError,
      });
      try {
        await app.listen({ host, port });
      } catch (error) {
        await producer.close();
        throw listenError(error as NodeJS.ErrnoException, host, port);
      }
      const close = async (): Promise<void> => {
        stopping.abort(headgateError("HG_CLOSED", { what: "gateway" }));
        const cut = setTimeout(() => app.server.closeAllConnections(), stopTimeoutMs);
        await app.close();
        clearTimeout(cut);
        await producer.close();
      };
      let closing: Promise<void> | undefined;
      return {
        url: urlOf(host, (app.server.address() as { port: number }).port),
        close: () => {
          closing ??= close();
          return closing;
        },
      };
    },
  };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  return headgateError("HG_GATEWAY_PORT", {
    message: `The gateway cannot listen on ${host}:${port}.`,
    expected: "a free port on an address of this machine",
    got: error.code ?? error.message,
    fix: "choose another --port (0 takes a free one) or another --host",
    cause: error,
  });
}
