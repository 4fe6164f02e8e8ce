/** A process that lived for less (ms) has crashed at its start, or at its first job. One that has lived so long is well. */
export const QUICK_MS = 5_000;
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

interface Death {
  /** That came quickly and in a row, before this one. */
  readonly quickDeaths: number;
  readonly livedMs: number;
  /** It says itself that no further start would fare better. */
  readonly hopeless: boolean;
  /** Others of the fleet are well: a config or a processor that was broken since they started must not take them down too. */
  readonly othersWell: boolean;
}

/** Pure: when a crashed process is started again. The wait doubles from 250 ms up to 10 s while it dies quickly. */
export function restartAfter({ quickDeaths, livedMs, hopeless, othersWell }: Death): Restart {
  if (hopeless) return { quickDeaths: quickDeaths + 1, delayMs: othersWell ? LONGEST_DELAY_MS : null };
  if (livedMs >= QUICK_MS) return { quickDeaths: 0, delayMs: FIRST_DELAY_MS };
  const deaths = quickDeaths + 1;
  if (deaths >= MOST_QUICK_DEATHS && !othersWell) return { quickDeaths: deaths, delayMs: null };
  return { quickDeaths: deaths, delayMs: Math.min(FIRST_DELAY_MS * 2 ** (deaths - 1), LONGEST_DELAY_MS) };
}
