import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Api } from "../api/api.ts";
import { Ledger } from "../api/ledger.ts";
import type { Dialect } from "./dialect.ts";

/** An answer takes this long (ms), and up to as much more. */
const LATENCY_MS = 20;

/** A real HTTP API that speaks one dialect. What it saw and decided is the truth that a run is measured by. */
export class DialectServer {
  readonly #dialect: Dialect;
  readonly #api: Api;
  readonly #ledger = new Ledger();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #startedAt: number | undefined;
  #knownAt: number | undefined;
  #refusedEarly = 0;

  constructor(dialect: Dialect, runMs: number) {
    this.#dialect = dialect;
    this.#api = new Api({ rules: [dialect.rule], latencyMs: { least: 0, most: 0 }, hints: [] }, runMs);
    this.#api.limits[0]?.rule.take(0, dialect.usedBefore ?? 0);
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
      });
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves this long after the first call (ms). */
  async reach(ms: number): Promise<void> {
    while (this.#startedAt === undefined) await sleep(10);
    await sleep(this.#startedAt + ms - performance.now());
  }

  /** What became of the calls that came after the first response was sent: from then on the fleet could know. */
  report(runMs: number): { goodput: number; calls: number; refused: number; refusedBefore: number } {
    const from = this.#knownAt ?? 0;
    const span = { from, to: runMs };
    const refused = this.#ledger.count(false, span);
    return {
      goodput: this.#ledger.goodput(this.#api, span),
      calls: this.#ledger.count(true, span) + refused,
      refused,
      refusedBefore: this.#refusedEarly,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const at = performance.now();
    this.#startedAt ??= at;
    const now = at - this.#startedAt;
    const { rule, cost: units = 1 } = this.#dialect;
    const cost = { requests: 1, tokens: units };
    const verdict = this.#api.decide(now, cost);
    this.#ledger.note(now, verdict.accepted, cost);
    if (!verdict.accepted && this.#knownAt === undefined) this.#refusedEarly++;
    const { units: left, resetMs } = this.#api.left(now);
    const { status, headers, body } = this.#dialect.says({
      accepted: verdict.accepted,
      left,
      amount: rule.kind === "bucket" ? rule.burst : rule.amount,
      resetMs,
      waitMs: verdict.accepted ? 0 : verdict.retryAfterMs,
      now: Date.now(),
    });
    await sleep(LATENCY_MS * (1 + Math.random()));
    this.#knownAt ??= performance.now() - this.#startedAt;
    const found = status ?? (verdict.accepted ? 200 : 429);
    response.writeHead(found, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
  }
}
