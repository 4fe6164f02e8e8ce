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
  /** Every line before it has been dealt with: where --from-line goes on. Null when the input was read to its end. */
  readonly resumeFromLine: number | null;
  /** Jobs that came without an id: sent again they would come twice. */
  readonly withoutId: number;
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
  withoutId = 0;
  /** The last line of an unbroken row of lines that have been dealt with. */
  through = 0;
  /** Lines behind it that have: as many as admissions are under way at once. */
  readonly #ahead = new Set<number>();
  readonly refusedBy: Record<string, number> = {};
  readonly invalidLines: BadLine[] = [];

  /** Lines before this one are not read; before the first line ends. */
  startAt(line: number): void {
    this.through = line - 1;
  }

  /** A line is dealt with, whatever became of it: also a blank one, which is no job. */
  pass(line: number): void {
    this.#ahead.add(line);
    while (this.#ahead.delete(this.through + 1)) this.through += 1;
  }

  add(line: number, end: LineEnd): void {
    this.lines += 1;
    if (end.kind !== "unknown") this.pass(line);
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
    const { lines, accepted, duplicates, refused, refusedBy, invalid, invalidLines, unknown, withoutId } = this;
    const resumeFromLine = rest.interrupted || rest.error !== null ? this.through + 1 : null;
    const counts = { lines, accepted, duplicates, refused, refusedBy, invalid, invalidLines, unknown };
    return { ...counts, resumeFromLine, withoutId, ...rest };
  }
}

/** True when every line is in. */
export function isComplete(summary: Summary): boolean {
  const { refused, invalid, unknown, interrupted, error } = summary;
  return refused === 0 && invalid === 0 && unknown === 0 && !interrupted && error === null;
}
