import { ExitCode } from "./exit-code.ts";

export interface StopSignals {
  /** Aborted by the first SIGINT or SIGTERM. A second one ends the process at once, with exit code 1. */
  readonly signal: AbortSignal;
  /** Resolves with the name of the first one. */
  readonly first: Promise<NodeJS.Signals>;
  dispose(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export function stopSignals(): StopSignals {
  const controller = new AbortController();
  const { promise: first, resolve } = firstSignal();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(ExitCode.failure);
    controller.abort();
    resolve(name);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    first,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

function firstSignal(): { promise: Promise<NodeJS.Signals>; resolve: (name: NodeJS.Signals) => void } {
  let resolve: (name: NodeJS.Signals) => void = () => undefined;
  const promise = new Promise<NodeJS.Signals>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
