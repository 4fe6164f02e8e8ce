import prettyMilliseconds from "pretty-ms";

/** How numbers read on the page. Nothing known is a dash, never a zero. */
export const NOTHING = "–";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });

export function count(value: number): string {
  return whole.format(value);
}

export function perSecond(value: number): string {
  return `${value < 100 ? oneDigit.format(value) : whole.format(value)}/s`;
}

export function share(value: number): string {
  return percent.format(value);
}

export function duration(ms: number | null): string {
  if (ms === null) return NOTHING;
  return ms < 1000 ? `${Math.round(ms)} ms` : prettyMilliseconds(ms, { unitCount: 2, secondsDecimalDigits: 0 });
}

/** A part of a whole between 0 and 1, also when the whole is 0 or the part stands above it. */
export function fraction(part: number, whole: number): number {
  if (whole <= 0) return part > 0 ? 1 : 0;
  return Math.min(1, Math.max(0, part / whole));
}
