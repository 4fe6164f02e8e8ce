import { parseArgs } from "node:util";
import { DEFAULT_SECONDS } from "./plan.ts";

export interface Options {
  readonly seconds: number;
  readonly json: boolean;
}

const LEAST_SECONDS = 4;
const MOST_SECONDS = 600;

export const USAGE: string = `npm run demo -- [--seconds N] [--json]
  --seconds N  how long the producer enqueues, ${LEAST_SECONDS} to ${MOST_SECONDS} (default ${DEFAULT_SECONDS})
  --json       the result as one JSON object in the last line; the display goes to standard error`;

export function optionsFrom(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: "string", default: String(DEFAULT_SECONDS) },
      json: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
    throw new RangeError(`--seconds: expected ${LEAST_SECONDS} to ${MOST_SECONDS}, got ${values.seconds}`);
  }
  return { seconds, json: values.json };
}
