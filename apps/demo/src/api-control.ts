import { setTimeout as sleep } from "node:timers/promises";
import type { ApiReport } from "./messages.ts";
import { changesOf, type Phase } from "./plan.ts";

const POLL_MS = 50;

/** The supervisor's hand on the API's control port. */
export class ApiControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async report(until?: number): Promise<ApiReport> {
    const response = await this.#ask("GET", until === undefined ? "/report" : `/report?until=${until}`);
    return (await response.json()) as ApiReport;
  }

  /** When the fleet's first call arrived (epoch ms); waits for it. */
  async firstCall(): Promise<number> {
    for (;;) {
      const { firstCallAt } = await this.report();
      if (firstCallAt !== null) return firstCallAt;
      await sleep(POLL_MS);
    }
  }

  /** Changes the limit as planned, counted from the first call. */
  async follow(plan: readonly Phase[], firstCallAt: number, signal: AbortSignal): Promise<void> {
    for (const { atMs, perSecond } of changesOf(plan)) {
      await sleep(Math.max(0, firstCallAt + atMs - Date.now()), undefined, { signal });
      await this.#ask("PUT", `/limit/${perSecond}`);
    }
  }

  async #ask(method: string, path: string): Promise<Response> {
    const response = await fetch(this.#url + path, { method });
    if (!response.ok) throw new Error(`the API's control port answered ${response.status} to ${method} ${path}`);
    return response;
  }
}
