import { InvalidArgumentError } from "commander";
import { type Duration, isHeadgateError, parseDuration } from "headgate";

/** Parsers for option values. What they refuse ends in HG_USAGE, exit code 2. */

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

export function oneOf<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Expected one of: ${choices.join(", ")}.`);
  };
}

/** For an option that may be given again and again: all its values, in order. */
export function collect<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** In milliseconds. */
export function duration(text: string): number {
  try {
    return parseDuration(text as Duration);
  } catch (error) {
    throw isHeadgateError(error) ? new InvalidArgumentError("Expected a duration, as 30s, 5m or 2h.") : error;
  }
}
