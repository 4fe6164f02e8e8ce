import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Api, type Cost } from "./api.ts";
import { hintsOf } from "./hints.ts";
import { Ledger } from "./ledger.ts";
import type { ApiSpec } from "./spec.ts";

/** A real HTTP API: whoever posts `{"tokens": n}` is answered or refused. Its own counts are the truth. */
export class ApiServer {
  readonly #spec: ApiSpec;
  readonly #runMs: number;
  readonly #server = createServer((request, response) => {
    costOf(request).then(
      (cost) => {
        const { status, headers, latencyMs, answered } = this.#receive(cost);
        setTimeout(() => {
          answered();
          response.writeHead(status, { ...headers, "content-type": "application/json" }).end(`{"status":${status}}`);
        }, latencyMs);
      },
      () => response.writeHead(400).end(),
    );
  });
  #run: Run;
  /** When the very first run began. */
  #born: number | undefined;

  constructor(spec: ApiSpec, runMs: number) {
    this.#spec = spec;
    this.#runMs = runMs;
    this.#run = new Run();
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
      });
    });
  }

  /** Forgets what it counted: as if nobody had called for a long time. Its windows go on by its own clock. */
  begin(): void {
    this.#run = new Run();
  }

  /** Resolves this long after the run's first call. */
  async reach(ms: number): Promise<void> {
    const { startedAt } = await this.#run.started;
    await new Promise((resolve) => setTimeout(resolve, startedAt + ms - performance.now()));
  }

  /** What is known of the run, null before its first call. */
  get run(): { readonly api: Api; readonly ledger: Ledger } | null {
    return this.#run.api ? { api: this.#run.api, ledger: this.#run.ledger } : null;
  }

  #receive(cost: Cost): {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly latencyMs: number;
    readonly answered: () => void;
  } {
    const run = this.#run;
    const at = performance.now();
    this.#born ??= at;
    const { startedAt, api } = run.open(at, () => new Api(this.#spec, this.#runMs, at - (this.#born ?? at)));
    const now = at - startedAt;
    const verdict = api.decide(now, cost);
    run.ledger.note(now, verdict.accepted, cost);
    const { least, most } = this.#spec.latencyMs;
    return {
      status: verdict.accepted ? 200 : 429,
      headers: hintsOf(this.#spec.hints, api, verdict, now),
      latencyMs: least + Math.random() * (most - least),
      answered: () => {
        if (verdict.accepted) api.answered(performance.now() - at);
      },
    };
  }
}

/** From a first call on. */
class Run {
  readonly ledger: Ledger = new Ledger();
  readonly started: Promise<{ readonly startedAt: number }>;
  api: Api | null = null;
  #startedAt = 0;
  #start: (started: { readonly startedAt: number }) => void = () => undefined;

  constructor() {
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
  }

  open(at: number, make: () => Api): { readonly startedAt: number; readonly api: Api } {
    if (!this.api) {
      this.api = make();
      this.#startedAt = at;
      this.#start({ startedAt: at });
    }
    return { startedAt: this.#startedAt, api: this.api };
  }
}

async function costOf(request: IncomingMessage): Promise<Cost> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const { tokens } = JSON.parse(body) as { tokens: number };
  return { requests: 1, tokens };
}
