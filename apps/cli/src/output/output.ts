import pc from "picocolors";
import { type Redact, redactor } from "./redact.ts";

export type Colors = ReturnType<typeof pc.createColors>;

export interface OutputOptions {
  readonly json: boolean;
  readonly debug: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}

/** Where a command says things. Results go to stdout, everything else to stderr, nothing secret anywhere. */
export interface Output {
  readonly json: boolean;
  readonly debug: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Colours for stdout. */
  readonly colors: Colors;
  /** Colours for stderr. */
  readonly logColors: Colors;
  /** The result for people; silent with --json. */
  text(text: string): void;
  /** The result for machines, one object a line; silent without --json. */
  object(value: object): void;
  /** A line about what happens, on stderr. */
  log(line: string): void;
  /** From now on these never appear in any output. */
  hide(secrets: readonly string[]): void;
  redact: Redact;
}

export function createOutput({ json, debug, stdout, stderr, environment }: OutputOptions): Output {
  const secrets: string[] = [];
  let redact = redactor(secrets);
  return {
    json,
    debug,
    stdout,
    stderr,
    colors: pc.createColors(!json && wantsColor(stdout, environment)),
    logColors: pc.createColors(wantsColor(stderr, environment)),
    text(text) {
      if (!json) stdout.write(`${redact(text)}\n`);
    },
    object(value) {
      if (json)
        stdout.write(
          `${JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? redact(part) : part))}\n`,
        );
    },
    log(line) {
      stderr.write(`${redact(line)}\n`);
    },
    hide(more) {
      secrets.push(...more);
      redact = redactor(secrets);
    },
    redact: (text) => redact(text),
  };
}

/** https://no-color.org: any value that is not empty turns colour off, whatever else is set. */
export function wantsColor(stream: Pick<NodeJS.WriteStream, "isTTY">, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR: off, FORCE_COLOR: force, TERM: term } = environment;
  if (off !== undefined && off !== "") return false;
  if (force !== undefined && force !== "0" && force !== "") return true;
  return stream.isTTY === true && term !== "dumb";
}
