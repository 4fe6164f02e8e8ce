/** A call as it reaches the API. */
export interface Call {
  /** When (ms since the start of the simulation; never less than that of the call before). */
  readonly at: number;
  /** When its answer is given if it is accepted (ms). */
  readonly endsAt: number;
  readonly cost: Readonly<Record<string, number>>;
}

export type Verdict =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** In how long such a call would be accepted (ms); what an API makes of it in its headers is `Manners`. */
      readonly waitMs: number;
    };

/** What an API knows of one of its own counters, after a call. */
export interface Counter {
  readonly unit: string;
  readonly limit: number;
  readonly remaining: number;
  /** Until it is as good as new (ms). */
  readonly resetMs: number;
  readonly windowMs: number;
}

/** A modelled API: plain state and given time, no clock of its own. */
export interface Api {
  call(call: Call): Verdict;
  /**
   * What it accepts between two moments under saturating load, its initial burst left out (calls). `meanCost` is what the calls
   * cost on average; left out, one of each unit.
   */
  capacity(fromMs: number, tillMs: number, meanCost?: Readonly<Record<string, number>>): number;
  /** Left out where it counts nothing that it could tell of. */
  counters?(at: number): readonly Counter[];
  /**
   * Where a span must be cut, because no part of it can lend to another; left out: nowhere. Whether a run touches a window early in
   * its life or late is luck, and luck shall not make a goodput above 1.
   */
  cuts?(fromMs: number, tillMs: number): readonly number[];
}

export const ACCEPTED: Verdict = { accepted: true };
export const refusedFor = (waitMs: number): Verdict => ({ accepted: false, waitMs: Math.max(0, waitMs) });
