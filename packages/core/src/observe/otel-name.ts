/** What OpenTelemetry says with the instrument and its unit, and therefore not in the name. */
const SAID_ELSEWHERE = /_(?:total|seconds|bytes|ratio|jobs|requests_per_second)$/;

/**
 * Pure: the name of a metric's OpenTelemetry twin: dots for underscores, without unit and `_total`. Counted seconds are called
 * time, as `system.cpu.time` is: `headgate.limiter.blocked` is the gauge beside them.
 */
export const otelName = (name: string): string =>
  name
    .replace(/_seconds_total$/, "_time")
    .replace(SAID_ELSEWHERE, "")
    .replaceAll("_", ".");
