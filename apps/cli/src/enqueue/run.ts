import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import type { Queue } from "headgate";
import { createProducer, type Producer } from "headgate/producer";
import { pMapIterable } from "p-map";
import type { Context } from "../context.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { unknownTarget } from "../levers/target.ts";
import { problemOf, reportProblem } from "../output/problem.ts";
import { admit } from "./admit.ts";
import { parseLine } from "./parse-line.ts";
import { type Pressure, watchPressure } from "./pressure.ts";
import { type Progress, startProgress } from "./progress.ts";
import { type Line, openSource, type Source } from "./source.ts";
import { summaryText } from "./summary-text.ts";
import { isComplete, type LineEnd, Tally } from "./tally.ts";
import { type WaitClock, waitClock } from "./wait-clock.ts";

export interface EnqueueFlags {
  readonly onPressure: "wait" | "refuse";
  readonly envelope?: boolean;
  readonly idField?: string;
  /** The first line that is read, from 1. */
  readonly fromLine: number;
  /** Admissions at once, and so the most lines that are read ahead. */
  readonly inFlight: number;
}

/** A file of a million bad lines is said to be one after this many. */
const LOGGED_MOST = 100;

interface Run {
  readonly producer: Producer;
  readonly queue: Queue;
  readonly source: Source;
  readonly flags: EnqueueFlags;
  readonly tally: Tally;
  readonly clock: WaitClock;
  readonly pressure: Pressure;
  readonly progress: Progress;
  /** Aborted by a stop signal or by an error that ends the run. */
  readonly ending: AbortController;
}

/** NDJSON in, one admission a line. A bad line is reported and counted, and the others go on. */
export async function enqueue(
  context: Context,
  name: string,
  input: string,
  flags: EnqueueFlags,
  stdin: Readable,
): Promise<ExitCode> {
  const { config, output, stop } = context;
  const queue = config.queues.get(name)?.queue;
  if (queue === undefined) throw unknownTarget(name, [...config.queues.keys()]);
  const ending = new AbortController();
  // Every admission under way listens to it.
  setMaxListeners(0, ending.signal);
  stop.signal.addEventListener("abort", () => ending.abort(), { once: true });
  const source = await openSource(input, stdin, ending.signal);
  const producer = createProducer({ connection: config.connection });
  const pressure = watchPressure(producer, output);
  try {
    await producer.ready();
    const startedAt = performance.now();
    const tally = new Tally();
    tally.startAt(flags.fromLine);
    const clock = waitClock();
    const progress = startProgress(output, { tally, clock, source, pressure: pressure.text });
    const error = await enqueueLines({ producer, queue, source, flags, tally, clock, pressure, progress, ending });
    progress.done();
    const summary = tally.summary({
      queue: name,
      waitedMs: clock.totalMs(),
      seconds: Math.round(performance.now() - startedAt) / 1000,
      interrupted: stop.signal.aborted,
      error: error === undefined ? null : problemOf(error),
    });
    output.text(summaryText(summary));
    output.object(summary);
    if (error !== undefined && !output.json) reportProblem(error, output);
    if (error !== undefined) return exitCodeOf(error);
    return isComplete(summary) ? ExitCode.ok : ExitCode.failure;
  } finally {
    await producer.close();
  }
}

/** Resolves when every line that was read has ended, with the error that ended the run, if one did. */
async function enqueueLines(run: Run): Promise<unknown> {
  const { source, flags, tally, progress, ending } = run;
  let ended: unknown;
  const endOf = async (line: Line): Promise<void> => {
    const end = await lineEnd(run, line).catch((error: unknown): LineEnd => {
      ended ??= error;
      ending.abort();
      return { kind: "unknown" };
    });
    if (end === undefined) {
      if (line.number >= flags.fromLine) tally.pass(line.number);
      return;
    }
    if (end.kind !== "unknown") run.pressure.answered();
    tally.add(line.number, end);
    if (end.kind !== "invalid" || tally.invalid > LOGGED_MOST) return;
    progress.log(`line ${line.number}: ${end.why}`);
    if (tally.invalid === LOGGED_MOST) progress.log("more lines that are invalid are only counted");
  };
  try {
    // A line is taken only when an admission has ended: waiting stops the reading.
    for await (const _ of pMapIterable(source.lines, endOf, { concurrency: flags.inFlight }));
  } catch (error) {
    ended ??= error;
    ending.abort();
  }
  return ended;
}

/** Undefined for a blank line, which is no job. */
async function lineEnd(run: Run, line: Line): Promise<LineEnd | undefined> {
  const { flags, producer, queue, clock, ending, tally } = run;
  if (line.number < flags.fromLine) return undefined;
  const parsed = parseLine(line.text, { envelope: flags.envelope === true, idField: flags.idField });
  if (parsed.kind === "blank") return undefined;
  if (parsed.kind === "invalid") return parsed;
  if (parsed.job.id === undefined) tally.withoutId += 1;
  if (ending.signal.aborted) return { kind: "unknown" };
  const options = { onPressure: flags.onPressure, signal: ending.signal };
  return clock.watch(admit(producer, queue, parsed.job, options));
}
