import { Api, type Cost } from "../../src/api/api.ts";
import { Ledger } from "../../src/api/ledger.ts";
import type { ApiSpec } from "../../src/api/spec.ts";

export const ONE: Cost = { requests: 1, tokens: 1 };

export interface Load {
  readonly runMs: number;
  readonly everyMs: number;
  /** Of a call that was accepted. */
  readonly heldMs?: number;
  readonly cost?: (call: number) => Cost;
  /** A start within the API's own clock. */
  readonly sinceMs?: number;
}

/** Calls again and again, in virtual time, whatever the API says. */
export function load(spec: ApiSpec, { runMs, everyMs, heldMs = 0, cost = () => ONE, sinceMs = 0 }: Load) {
  const api = new Api(spec, runMs, sinceMs);
  const ledger = new Ledger();
  const ends: number[] = [];
  let calls = 0;
  for (let now = 0; now < runMs; now += everyMs) {
    while ((ends[0] ?? Number.POSITIVE_INFINITY) <= now) {
      ends.shift();
      api.answered(heldMs);
    }
    const price = cost(calls++);
    const { accepted } = api.decide(now, price);
    ledger.note(now, accepted, price);
    if (accepted) ends.push(now + heldMs);
  }
  const span = { from: 0, to: runMs };
  return { api, ledger, span, accepted: ledger.count(true, span), throttled: ledger.count(false, span) };
}
