/** What a caller may be told about a rule: units left, and when all of them are back (ms). */
export interface Left {
  readonly units: number;
  readonly resetMs: number;
}

/** One limit of an API, in one unit. Pure: the time (ms since the run's first call) is always an argument and never goes back. */
export interface Rule {
  /** How long until a call of this cost fits; 0: it fits now. */
  waitMs(now: number, cost: number): number;
  /** Takes it, whether it fits or not: a neighbour of the fleet is served first. */
  take(now: number, cost: number): void;
  left(now: number): Left;
  /** Units that it accepts between two moments under saturating load, what had gathered before left out. */
  allowance(from: number, to: number): number;
  /** A call was answered that was accepted this long ago. */
  answered?(heldMs: number): void;
  /** Where a span must be cut so that no part of it can lend to another; none: it need not be cut. */
  cuts?(from: number, to: number): readonly number[];
}
