import type { LoadedConfig } from "./config/load.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Output } from "./output/output.ts";
import type { StopSignals } from "./stop-signals.ts";

/** What every command is given. */
export interface Context {
  readonly config: LoadedConfig;
  readonly output: Output;
  readonly stop: StopSignals;
}

/** Runs a command: loads the config, opens the stop signals, ends with the exit code that the work answers. */
export type Run = (work: (context: Context) => Promise<ExitCode>) => Promise<void>;
