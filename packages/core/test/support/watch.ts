import { monitor } from "./monitor.ts";

export interface Watch {
  /** Commands that named the keys, so far; what a script does inside is not counted. */
  readonly count: () => number;
  close(): Promise<void>;
}

/** Counts the commands that name some keys, as Redis sees them: other tests use the server, too. */
export async function watchCommands(url: string, part: string): Promise<Watch> {
  let count = 0;
  const close = await monitor(url, (args, byScript) => {
    if (!byScript && args.some((arg) => arg.includes(part))) count++;
  });
  return { count: () => count, close };
}
