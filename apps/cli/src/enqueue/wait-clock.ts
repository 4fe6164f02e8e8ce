/** An admission that takes longer than this stands still because of pressure, not because of the round trip. */
const NOTICEABLE_MS = 50;

/** Measures how long the input stood still: wall time in which at least one admission was waiting. */
export interface WaitClock {
  /** Watches one admission. */
  watch<T>(admission: Promise<T>): Promise<T>;
  /** Admissions that wait at this moment. */
  waiting(): number;
  totalMs(): number;
}

export function waitClock(now: () => number = () => performance.now()): WaitClock {
  let waiting = 0;
  let since = 0;
  let total = 0;
  const begin = (): void => {
    if (waiting === 0) since = now();
    waiting += 1;
  };
  const end = (): void => {
    waiting -= 1;
    if (waiting === 0) total += now() - since;
  };
  return {
    async watch(admission) {
      let began = false;
      const timer = setTimeout(() => {
        began = true;
        begin();
      }, NOTICEABLE_MS);
      try {
        return await admission;
      } finally {
        clearTimeout(timer);
        if (began) end();
      }
    },
    waiting: () => waiting,
    totalMs: () => Math.round(total + (waiting > 0 ? now() - since : 0)),
  };
}
