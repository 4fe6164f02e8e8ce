import type { Queue } from "headgate";
import { answerError, answerProblem, enqueueAnswer, type HttpAnswer } from "headgate/http";
import type { Producer } from "headgate/producer";
import { inOrder } from "./in-order.ts";
import type { JobOptions } from "./job-options.ts";
import { type Line, ndjsonLines } from "./lines.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** Admissions of one stream on the way at once: enough to hide the round trip. */
const IN_FLIGHT = 64;

export interface JobStream {
  readonly producer: Producer;
  readonly room: WaitingRoom;
  readonly queue: Queue;
  readonly options: JobOptions;
  readonly maxLineBytes: number;
  /** Ends waits: the gateway stops, or the caller has left. */
  readonly signal: AbortSignal;
}

/** NDJSON in, NDJSON out: one admission a line, results in order. Read no faster than results are taken. */
export async function* answerLines(
  source: AsyncIterable<Buffer>,
  stream: JobStream,
): AsyncGenerator<string, void, undefined> {
  let line = 0;
  for await (const answer of inOrder(
    ndjsonLines(source, stream.maxLineBytes),
    numbered(stream),
    IN_FLIGHT,
    stream.signal,
  )) {
    line++;
    yield `${JSON.stringify({ line, status: answer.status, ...answer.body })}\n`;
  }
}

function numbered({ producer, room, queue, options, signal }: JobStream): (line: Line) => Promise<HttpAnswer> {
  const { id: key, waitMs, ...rest } = options;
  let count = 0;
  return async (line) => {
    count++;
    // The same stream sent again makes the same ids.
    const id = key === undefined ? {} : { id: `${key}:${count}` };
    if ("broken" in line) return answerProblem(line.broken, line.why);
    try {
      return await room.pass(waitMs, (how) =>
        enqueueAnswer(producer, queue, line.value, { ...rest, ...id, ...how, signal }),
      );
    } catch (error) {
      return answerError(error) ?? answerProblem(500, "Something that Headgate did not expect.", "HG_INTERNAL");
    }
  };
}
