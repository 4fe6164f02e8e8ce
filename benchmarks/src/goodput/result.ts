import type { ApiReport } from "./orders.ts";

/** A run's figures, as `--json` prints them. */
export interface Figures {
  readonly scenario: string;
  readonly contender: string;
  readonly warm: boolean;
  /** Accepted over what the API accepts under saturating load. */
  readonly goodput: number;
  /** Throttled calls over all calls. */
  readonly throttled: number;
  readonly calls: number;
  readonly throttledInFirst5s: number;
  /** From the first call, or from the last change of limit or demand, until the rate is at 0.9 of what is offered; null: never. */
  readonly settleMs: number | null;
  readonly maxDepth: number;
  /** Jobs that were acknowledged and neither done, nor failed, nor in the queue at the end. */
  readonly lost: number;
}

export interface Result {
  readonly figures: Figures;
  readonly throttledInFirst60s: number;
  readonly trace: ApiReport["trace"];
  /** What its processes wrote on stderr. */
  readonly complaints: readonly string[];
}
