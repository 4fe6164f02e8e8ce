import { once } from "node:events";
import type { FailedJob, FailedOptions } from "headgate/control";
import { headgateError } from "headgate/internal";
import { queueOf } from "../config/queue.ts";
import type { Context } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { type Column, tableOf } from "../output/columns.ts";
import { count, duration } from "../output/figures.ts";

export interface FailedFlags {
  readonly limit?: number;
  readonly reason?: string;
  readonly all?: boolean;
  readonly envelope?: boolean;
}

const optionsOf = ({ limit, reason }: FailedFlags): FailedOptions => ({
  ...(limit === undefined ? {} : { limit }),
  ...(reason === undefined ? {} : { reason }),
});

const REASON_MOST = 80;
const LISTED = 20;

/** Reasons are shown, payloads never: they stay in the export. */
export function listFailed({ config, output }: Context, name: string, flags: FailedFlags): Promise<ExitCode> {
  const queue = queueOf(config, name);
  return withControl(config.connection, async (control) => {
    const jobs: FailedJob[] = [];
    for await (const job of control.failed(queue, optionsOf({ limit: LISTED, ...flags }))) jobs.push(job);
    const { failed: total } = (await control.status(queue)).counts;
    const { stdout, colors } = output;
    const width = stdout.isTTY ? stdout.columns : undefined;
    if (jobs.length > 0) output.text(tableOf(columnsAt(Date.now()), jobs, colors, width).join("\n"));
    output.text(`${name}: ${count(total)} failed${jobs.length < total ? `, ${count(jobs.length)} shown` : ""}`);
    output.object({ queue: name, total, jobs: jobs.map(({ payload: _, ...job }) => job) });
    return ExitCode.ok;
  });
}

const columnsAt = (now: number): readonly Column<FailedJob>[] => [
  { title: "JOB", cell: ({ id }) => oneLine(id), least: 12 },
  { title: "FAILED", cell: ({ failedAt }) => `${duration(Math.max(0, now - failedAt))} ago` },
  { title: "ATTEMPTS", cell: ({ attemptsMade }) => count(attemptsMade), right: true, keep: 2 },
  { title: "DEFERRALS", cell: ({ deferrals }) => count(deferrals), right: true, keep: 1 },
  { title: "REASON", cell: ({ reason }) => oneLine(reason), tone: (_, colors) => colors.red, least: 16 },
];

const oneLine = (reason: string): string => {
  const line = reason.replace(/\p{Cc}+/gu, " ");
  return line.length > REASON_MOST ? `${line.slice(0, REASON_MOST - 1)}…` : line;
};

export function retryFailed(
  { config, output }: Context,
  name: string,
  named: readonly string[],
  flags: FailedFlags,
): Promise<ExitCode> {
  const queue = queueOf(config, name);
  if (named.length === 0 && flags.all !== true && flags.reason === undefined && flags.limit === undefined) {
    throw headgateError("HG_USAGE", {
      message: "It is not said which jobs to retry",
      expected: "ids of jobs, --reason <text>, --limit <n> or --all",
      fix: "say which",
    });
  }
  if (named.length > 0 && (flags.all === true || flags.reason !== undefined || flags.limit !== undefined)) {
    throw headgateError("HG_USAGE", {
      message: "Jobs are named, and chosen by a flag too",
      expected: "ids of jobs, or --reason <text>, --limit <n> or --all",
      got: named.join(" "),
      fix: "leave one of them out",
    });
  }
  return withControl(config.connection, async (control) => {
    const ids = [...named];
    if (ids.length === 0) for await (const { id } of control.failed(queue, optionsOf(flags))) ids.push(id);
    const retried = new Set(await control.retryFailed(queue, ids));
    const missing = ids.filter((id) => !retried.has(id));
    output.text(`${name}: ${count(retried.size)} of ${count(ids.length)} back in line`);
    for (const id of missing) output.log(`${id}: not in the failed set`);
    output.object({ queue: name, retried: [...retried], missing });
    return missing.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

/** Streams, and waits for whoever reads. The payload is what was asked for: nothing is redacted. */
export function exportFailed({ config, output }: Context, name: string, flags: FailedFlags): Promise<ExitCode> {
  const queue = queueOf(config, name);
  return withControl(config.connection, async (control) => {
    for await (const job of control.failed(queue, optionsOf(flags))) {
      const { id, payload, priority } = job;
      const line = flags.envelope === true ? { id, payload, ...(priority === null ? {} : { priority }) } : job;
      if (!output.stdout.write(`${JSON.stringify(line)}\n`)) await once(output.stdout, "drain");
    }
    return ExitCode.ok;
  });
}
