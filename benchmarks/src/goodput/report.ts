import type { Api } from "../api/api.ts";
import type { Ledger, Span } from "../api/ledger.ts";
import { type ApiReport, type ReportOrders, SLICE_MS } from "./orders.ts";

/** Settled: this share of what is offered, over the shortest time that says something. */
const SETTLED_SHARE = 0.9;
const SETTLED_MS = 2_000;
const SETTLED_CALLS = 10;

/** What the API says about a run. */
export function reportOf(api: Api, ledger: Ledger, { run, measured, settleFrom }: ReportOrders): ApiReport {
  const first = (ms: number): Span => ({ from: 0, to: Math.min(ms, run.to) });
  const settled = { from: settleFrom, to: run.to };
  const count = Math.ceil(run.to / SLICE_MS);
  const offered = ledger.offered(api, settled);
  const windowMs = Math.max(SETTLED_MS, (SETTLED_CALLS * (settled.to - settled.from)) / offered);
  return {
    goodput: ledger.goodput(api, measured),
    accepted: ledger.count(true, run),
    throttled: ledger.count(false, run),
    throttledInFirst5s: ledger.count(false, first(5_000)),
    throttledInFirst60s: ledger.count(false, first(60_000)),
    settleMs: ledger.settledAfter(api, settled, windowMs, SETTLED_SHARE),
    trace: {
      accepted: ledger.slices(true, SLICE_MS, count),
      throttled: ledger.slices(false, SLICE_MS, count),
      offered: Array.from({ length: count }, (_, index) =>
        ledger.offered(api, { from: index * SLICE_MS, to: (index + 1) * SLICE_MS }),
      ),
    },
  };
}
