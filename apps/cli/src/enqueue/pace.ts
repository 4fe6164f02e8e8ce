/** Over this time: long enough to be calm, short enough to show what pressure does now (ms). */
const WINDOW_MS = 5_000;

export interface Sample {
  readonly atMs: number;
  readonly lines: number;
  /** Of the input, 0 to 1. */
  readonly share: number;
}

export interface Pace {
  readonly linesPerSecond: number;
  /** Until the end of the input at this pace; null while it stands still. */
  readonly leftMs: number | null;
}

/** How fast lines were dealt with of late, not since the start: an hour of waiting must not hide that it goes on. */
export function paceOf(): { add(sample: Sample): Pace } {
  let samples: Sample[] = [];
  return {
    add(sample) {
      const from = sample.atMs - WINDOW_MS;
      const firstInside = samples.findIndex(({ atMs }) => atMs >= from);
      samples = [...samples.slice(Math.max(0, firstInside)), sample];
      const first = samples[0] ?? sample;
      const passedMs = Math.max(1, sample.atMs - first.atMs);
      const shareMs = (sample.share - first.share) / passedMs;
      return {
        linesPerSecond: ((sample.lines - first.lines) / passedMs) * 1_000,
        leftMs: shareMs > 0 ? Math.round((1 - sample.share) / shareMs) : null,
      };
    },
  };
}
