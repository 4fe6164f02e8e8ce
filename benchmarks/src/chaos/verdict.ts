/** One thing that a fleet has to show: what was measured, beside what was wanted. */
export interface Verdict {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly met: boolean;
}

export const verdict = (what: string, measured: string | number, wanted: string, met: boolean): Verdict => ({
  what,
  measured: String(measured),
  wanted,
  met,
});

/** Pure: a figure that has to be exactly this. */
export const exactly = (what: string, measured: number | null, wanted: number): Verdict =>
  verdict(what, String(measured), String(wanted), measured === wanted);

/** Pure: a figure that may not be above this. */
export const atMost = (what: string, measured: number, most: number, unit = ""): Verdict =>
  verdict(what, `${measured}${unit}`, `<= ${most}${unit}`, measured <= most);

/** What an experiment brings: its figures for programs, its verdicts for people. */
export interface Outcome {
  readonly figures: object;
  readonly verdicts: readonly Verdict[];
}

/** Pure: a table, with the experiment before its first line. */
export function tableOf(outcomes: Readonly<Record<string, Outcome>>): string {
  const rows = Object.entries(outcomes).flatMap(([name, { verdicts }]) =>
    verdicts.map(({ what, measured, wanted, met }, index) => [
      index === 0 ? name : "",
      what,
      measured,
      wanted,
      met ? "met" : "MISSED",
    ]),
  );
  const table = [["experiment", "what", "measured", "wanted", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
