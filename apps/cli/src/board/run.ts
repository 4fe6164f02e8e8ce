import { createBoard } from "@headgate/board";
import { headgateError } from "headgate/internal";
import type { Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { problemOf } from "../output/problem.ts";

export interface BoardFlags {
  readonly host?: string;
  readonly port?: number;
  readonly user: string;
  readonly password?: string;
  readonly readOnly?: boolean;
}

/** Serves the board until the first signal. HEADGATE_BOARD_PASSWORD is preferred: others on the machine can read arguments. */
export async function board(context: Context, flags: BoardFlags, environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  const { config, output, stop } = context;
  const password = passwordOf(flags, environment);
  if (password !== undefined) output.hide([password]);
  const running = await createBoard({
    queues: [...config.queues.values()].map(({ queue }) => queue),
    connection: config.connection,
    readOnly: flags.readOnly,
    auth: password === undefined ? undefined : { user: flags.user, password },
    onError: (error) => {
      if (output.debug) output.log(problemOf(error).message);
    },
  }).listen({ host: flags.host, port: flags.port ?? config.boardPort });
  output.text(
    `board on ${running.url} (pressure), ${running.url}/queues (jobs)${flags.readOnly === true ? ", read only" : ""}`,
  );
  output.object({ url: running.url, jobsUrl: `${running.url}/queues`, readOnly: flags.readOnly === true });
  await stop.first;
  await running.close();
  return ExitCode.ok;
}

function passwordOf(flags: BoardFlags, environment: NodeJS.ProcessEnv): string | undefined {
  const password = flags.password ?? environment["HEADGATE_BOARD_PASSWORD"];
  if (password !== "") return password;
  throw headgateError("HG_USAGE", {
    message: "The board's password is empty.",
    expected: "a password, or none at all",
    got: "an empty one",
    fix: "set HEADGATE_BOARD_PASSWORD (or --password) to a password, or unset it",
  });
}
