import type { Api, Cost, Limit } from "./api.ts";

/** A span of a run (ms since its first call). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Call {
  readonly at: number;
  readonly accepted: boolean;
  readonly cost: Cost;
}

/** What an API saw and decided, call by call. It is the truth that a run is measured by. */
export class Ledger {
  readonly #calls: Call[] = [];

  note(at: number, accepted: boolean, cost: Cost): void {
    this.#calls.push({ at, accepted, cost });
  }

  count(accepted: boolean, { from, to }: Span): number {
    return this.#in({ from, to }).filter((call) => call.accepted === accepted).length;
  }

  /**
   * Accepted over what the API accepts under saturating load in that time. With several rules the one that binds decides: the one
   * of which most was used.
   */
  goodput(api: Api, span: Span): number {
    return Math.max(...api.limits.map((limit) => this.#accepted(api, limit, span) / offeredBy(api, limit, span)));
  }

  /** Calls that the API would accept in a span, at the costs that they have had so far. */
  offered(api: Api, span: Span): number {
    const calls = this.#calls.length;
    return Math.min(
      ...api.limits.map((limit) => {
        const units = this.#calls.reduce((sum, { cost }) => sum + cost[limit.spec.unit], 0);
        return (offeredBy(api, limit, span) * calls) / units;
      }),
    );
  }

  /** From the beginning of a span until the rate is there: the first `windowMs` in which `share` of what is offered was accepted. */
  settledAfter(api: Api, { from, to }: Span, windowMs: number, share: number): number | null {
    for (let at = from; at + windowMs <= to; at += STEP_MS) {
      if (this.goodput(api, { from: at, to: at + windowMs }) >= share) return at - from;
    }
    return null;
  }

  /** Calls by slices of the run. */
  slices(accepted: boolean, sliceMs: number, count: number): number[] {
    const slices = new Array<number>(count).fill(0);
    for (const call of this.#calls) {
      const index = Math.floor(call.at / sliceMs);
      if (call.accepted === accepted && index < count) slices[index] = (slices[index] ?? 0) + 1;
    }
    return slices;
  }

  #in({ from, to }: Span): Call[] {
    return this.#calls.slice(this.#firstAt(from), this.#firstAt(to));
  }

  /** Index of the first call at or after a moment: calls are noted as they come, so they are in order. */
  #firstAt(moment: number): number {
    let low = 0;
    let high = this.#calls.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#calls[middle] as Call).at < moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #accepted(api: Api, limit: Limit, span: Span): number {
    const cuts = limit.rule.cuts?.(span.from, span.to);
    if (!cuts) return this.#units(limit, span);
    const edges = [span.from, ...cuts, span.to];
    return edges.slice(1).reduce((sum, to, index) => {
      const part = { from: edges[index] ?? to, to };
      return sum + Math.min(this.#units(limit, part), offeredBy(api, limit, part));
    }, 0);
  }

  #units({ spec: { unit } }: Limit, span: Span): number {
    return this.#in(span).reduce((sum, { accepted, cost }) => sum + (accepted ? cost[unit] : 0), 0);
  }
}

const offeredBy = (api: Api, { rule }: Limit, { from, to }: Span): number =>
  rule.allowance(from, to) - api.visits(from, to);

/** Between two looks for a settled rate (ms). */
const STEP_MS = 100;
