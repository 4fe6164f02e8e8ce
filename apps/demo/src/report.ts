import { createColors } from "picocolors";
import { clock, seconds, share } from "./display/words.ts";
import { isClean, type Summary } from "./summary.ts";

const LABEL_WIDTH = 11;

/** The summary, for a person. */
export function report(summary: Summary, colors: boolean): string {
  const color = createColors(colors);
  const line = (label: string, text: string): string => `  ${color.dim(label.padEnd(LABEL_WIDTH))}${text}`;
  const { goodputOver, calls, throttled } = summary;
  const { lost, duplicates, failed } = summary;
  const verdict = isClean(summary)
    ? color.green("every accepted job was done, once")
    : color.red("something is wrong: see lost, failed, duplicates and depth");
  return [
    line("jobs", `${summary.enqueued} enqueued, ${summary.completed} completed, ${failed} failed`),
    line("", `${lost} lost, ${duplicates} duplicates: ${verdict}`),
    line("depth", `at most ${summary.maxDepth} of ${summary.capacity}, counted in Redis every 20 ms`),
    line(
      "calls",
      `${calls}, of them ${throttled} throttled (${share(throttled, calls - throttled)}), each put back and done later`,
    ),
    line("goodput", `${color.bold(`${(100 * summary.goodput).toFixed(1)} %`)} of what the API would have accepted:`),
    line(
      "",
      `${goodputOver.accepted} of ${goodputOver.offered.toFixed(0)} calls, from the first until the producer was stopped at ${clock(goodputOver.seconds * 1000)}`,
    ),
    line(
      "producer",
      `stood still ${seconds(summary.producerWaitedMs)}, at most ${seconds(summary.producerLongestWaitMs)} at once, because the API was slow`,
    ),
    line("results", summary.results),
    line("", color.dim(summary.example)),
    "",
  ].join("\n");
}
