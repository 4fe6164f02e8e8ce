/** Bounds of histograms (s). Calls and runs: OpenTelemetry's advice for HTTP durations, and up for long jobs. */
export const RUN_SECONDS: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300,
];
/** Waits are minutes and hours more often than milliseconds. */
export const WAIT_SECONDS: number[] = [0.1, 1, 5, 15, 60, 300, 1_800, 7_200];
export const COMMAND_SECONDS: number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 5];
export const PAYLOAD_BYTES: number[] = [128, 512, 2_048, 8_192, 32_768, 131_072, 524_288, 1_048_576];
/** Around the usual `drainTimeout` of 25 s. */
export const DRAIN_SECONDS: number[] = [0.1, 1, 5, 10, 15, 20, 25, 30, 60];
