import type { Problem } from "../output/problem.ts";

/** How one line ended. */
export type LineEnd =
  | { readonly kind: "accepted" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "refused"; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: "invalid"; readonly why: string }
  /** Stopped before it was known whether it is in. With a line id it can be sent again. */
  | { readonly kind: "unknown" };

export interface BadLine {
  readonly line: number;
  readonly why: string;
}

/** What `headgate enqueue` did; the object that --json prints. */
export interface Summary {
  readonly queue: string;
  readonly lines: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly invalid: number;
  /** The first hundred; `invalid` counts all. */
  readonly invalidLines: readonly BadLine[];
  readonly unknown: number;
  readonly waitedMs: number;
  readonly seconds: number;
  readonly interrupted: boolean;
  readonly error: Problem | null;
}

const LISTED_LINES = 100;

export class Tally {
  lines = 0;
  accepted = 0;
  duplicates = 0;
  refused = 0;
  invalid = 0;
  unknown = 0;
  readonly refusedBy: Record<string, number> = {};
  readonly invalidLines: BadLine[] = [];

  add(line: number, end: LineEnd): void {
    this.lines += 1;
    switch (end.kind) {
      case "accepted":
        this.accepted += 1;
        break;
      case "duplicate":
        this.duplicates += 1;
        break;
      case "refused":
        this.refused += 1;
        this.refusedBy[end.reason] = (this.refusedBy[end.reason] ?? 0) + 1;
        break;
      case "invalid":
        this.invalid += 1;
        if (this.invalidLines.length < LISTED_LINES) this.invalidLines.push({ line, why: end.why });
        break;
      case "unknown":
        this.unknown += 1;
        break;
    }
  }

  summary(rest: Pick<Summary, "queue" | "waitedMs" | "seconds" | "interrupted" | "error">): Summary {
    const { lines, accepted, duplicates, refused, refusedBy, invalid, invalidLines, unknown } = this;
    return { lines, accepted, duplicates, refused, refusedBy, invalid, invalidLines, unknown, ...rest };
  }
}

/** True when every line is in. */
export function isComplete(summary: Summary): boolean {
  const { refused, invalid, unknown, interrupted, error } = summary;
  return refused === 0 && invalid === 0 && unknown === 0 && !interrupted && error === null;
}
