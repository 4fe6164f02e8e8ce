import type { Span } from "../api/ledger.ts";
import type { ApiSpec } from "../api/spec.ts";
import type { Setting } from "./contender.ts";
import type { ContenderName } from "./contenders/index.ts";

/** What a run's processes are started with, and what they are asked (process/child.ts). */
export interface ApiOrders {
  readonly spec: ApiSpec;
  readonly runMs: number;
}

export interface PartOrders {
  readonly contender: ContenderName;
  readonly role: "feeder" | "worker";
  readonly setting: Setting;
}

export interface ReportOrders {
  /** The run. */
  readonly run: Span;
  /** What its goodput is measured in. */
  readonly measured: Span;
  /** From when on it shall settle: the last thing that changed. */
  readonly settleFrom: number;
}

/** Slices of a trace (ms). */
export const SLICE_MS = 100;

export interface ApiReport {
  readonly goodput: number;
  readonly accepted: number;
  readonly throttled: number;
  readonly throttledInFirst5s: number;
  readonly throttledInFirst60s: number;
  readonly settleMs: number | null;
  /** By slices of the run: calls accepted and throttled, and how many the API offered. */
  readonly trace: {
    readonly accepted: readonly number[];
    readonly throttled: readonly number[];
    readonly offered: readonly number[];
  };
}
