import { commands } from "../observe/channels.ts";

export type Args = (string | number | boolean | Buffer | undefined)[];

/** Sends a composed command, and tells whoever watches how long its answer took. */
export function runCommand(client: unknown, name: string, args: Args): Promise<unknown> {
  const answer = (client as { runCommand(name: string, args: Args): Promise<unknown> }).runCommand(name, args);
  if (commands.isWatched) tellOf(name, answer);
  return answer;
}

function tellOf(name: string, answer: Promise<unknown>): void {
  const from = performance.now();
  const told = (): void => commands.tell({ command: name.replace(/^hg:/, ""), durationMs: performance.now() - from });
  answer.then(told, told);
}
