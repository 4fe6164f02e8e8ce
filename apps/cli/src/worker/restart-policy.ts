/** A process that lived for less (ms) has crashed at its start, or at its first job. */
const QUICK_MS = 5_000;
/** So many in a row in one place are a crash loop: the next one would not fare better. */
export const MOST_QUICK_DEATHS = 5;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

export interface Restart {
  /** Deaths in a row that came quickly, this one included. */
  readonly quickDeaths: number;
  /** Null: give up. */
  readonly delayMs: number | null;
}

/** Pure: when a crashed process is started again. The wait doubles from 250 ms up to 10 s while it dies quickly. */
export function restartAfter(quickDeaths: number, livedMs: number): Restart {
  if (livedMs >= QUICK_MS) return { quickDeaths: 0, delayMs: FIRST_DELAY_MS };
  const deaths = quickDeaths + 1;
  if (deaths >= MOST_QUICK_DEATHS) return { quickDeaths: deaths, delayMs: null };
  return { quickDeaths: deaths, delayMs: Math.min(FIRST_DELAY_MS * 2 ** (deaths - 1), LONGEST_DELAY_MS) };
}
