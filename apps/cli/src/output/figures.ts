import prettyMilliseconds from "pretty-ms";

/** How numbers read in tables and lines. What is not known is a dash, never a zero. */
export const NOTHING = "-";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(value);

export const rate = (value: number | null): string => {
  if (value === null) return NOTHING;
  return value < 100 ? oneDigit.format(value) : whole.format(value);
};

export const share = (value: number): string => percent.format(value);

export const duration = (ms: number | null): string => {
  if (ms === null) return NOTHING;
  return ms < 1000 ? `${Math.round(ms)}ms` : prettyMilliseconds(ms, { unitCount: 2, secondsDecimalDigits: 0 });
};

/** A time of day on this machine, with the date when it is another day. */
export const moment = (epochMs: number, now: number = Date.now()): string => {
  const at = new Date(epochMs);
  const time = at.toLocaleTimeString("en-GB");
  return at.toDateString() === new Date(now).toDateString() ? time : `${at.toLocaleDateString("en-CA")} ${time}`;
};
