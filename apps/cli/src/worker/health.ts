import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { headgateError, urlOf } from "headgate/internal";
import type { Readiness } from "./readiness.ts";

export interface HealthSource {
  alive(): boolean;
  readiness(): Readiness & { readonly draining: boolean };
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
}

export interface HealthPort {
  readonly url: string;
  close(): Promise<void>;
}

/** The fleet's one port: /healthz, /readyz, /metrics. No job data on any of them. */
export async function openHealthPort(source: HealthSource, host: string, port: number): Promise<HealthPort> {
  const server = createServer((request, response) => void answer(source, request, response));
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw headgateError("HG_WORKER_PORT", {
      got: `${host}:${port}: ${(error as NodeJS.ErrnoException).code}`,
      cause: error,
    });
  }
  // It must not keep a fleet that has ended.
  server.unref();
  return { url: urlOf(host, (server.address() as AddressInfo).port), close: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

async function answer(source: HealthSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://fleet").pathname;
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "text/plain", "GET only\n");
  if (path === "/healthz") {
    const alive = source.alive();
    return send(response, alive ? 200 : 503, "text/plain", alive ? "ok\n" : "no process of the fleet answers\n");
  }
  if (path === "/readyz") {
    const { ready, draining, waiting } = source.readiness();
    return send(response, ready ? 200 : 503, "application/json", `${JSON.stringify({ ready, draining, waiting })}\n`);
  }
  if (path !== "/metrics") return send(response, 404, "text/plain", "/healthz, /readyz, /metrics\n");
  try {
    send(response, 200, "text/plain; version=0.0.4; charset=utf-8", await source.metrics());
  } catch {
    send(response, 500, "text/plain", "the figures could not be read\n");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
