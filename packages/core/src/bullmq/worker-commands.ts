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

/** When a reply without a job says that it is worth asking again (epoch ms); 0 when it does not. */
export function askAtOf(reply: unknown): number {
  if (!Array.isArray(reply) || Array.isArray(reply[0])) return 0;
  const [, , timedMs, until] = reply as [unknown, unknown, number, number];
  return timedMs > 0 ? Date.now() + timedMs : Number(until);
}
