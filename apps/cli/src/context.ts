import type { LoadedConfig } from "./config/load.ts";
import type { Output } from "./output/output.ts";
import type { StopSignals } from "./stop-signals.ts";

/** What every command is given. */
export interface Context {
  readonly config: LoadedConfig;
  readonly output: Output;
  readonly stop: StopSignals;
}
