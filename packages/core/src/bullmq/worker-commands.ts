import { commands } from "../observe/channels.ts";

export type Args = (string | number | boolean | Buffer | undefined)[];

/** The commands that end a run. */
export const ENDS: ReadonlySet<string> = new Set([
  "moveToFinished",
  "moveToDelayed",
  "retryJob",
  "moveJobFromActiveToWait",
  "moveToWaitingChildren",
]);

/** Whose an ending is. */
export interface Subject {
  readonly jobId: string;
  readonly token: string;
}

export const NOBODY: Subject = { jobId: "", token: "" };

/** Sends a composed command. */
export function run(client: unknown, name: string, args: Args): Promise<unknown> {
  const answer = (client as { runCommand(name: string, args: Args): Promise<unknown> }).runCommand(name, args);
  if (commands.isWatched) tellOf(name, answer);
  return answer;
}

function tellOf(name: string, answer: Promise<unknown>): void {
  const from = performance.now();
  const told = (): void => commands.tell({ command: name.replace(/^hg:/, ""), durationMs: performance.now() - from });
  answer.then(told, told);
}

/** When a reply without a job says that it is worth asking again (epoch ms); 0 when it does not. */
export function askAtOf(reply: unknown): number {
  if (!Array.isArray(reply) || Array.isArray(reply[0])) return 0;
  const [, , timedMs, until] = reply as [unknown, unknown, number, number];
  return timedMs > 0 ? Date.now() + timedMs : Number(until);
}
