import { InvalidArgumentError } from "commander";

/** Least and most (ms). */
export type LatencyRange = readonly [number, number];

export function positiveNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number above 0, at most ${most}.`);
  };
}

const MOST_MS = 600_000;

/** `50-300ms`, `80ms`. */
export function latencyRange(text: string): LatencyRange {
  const [, least, most] = /^(\d+)(?:-(\d+))?ms$/.exec(text) ?? [];
  const range = [Number(least), Number(most ?? least)] as const;
  if (range[0] >= 1 && range[0] <= range[1] && range[1] <= MOST_MS) return range;
  throw new InvalidArgumentError("Expected milliseconds such as 50-300ms or 80ms, from 1ms to 600000ms.");
}
