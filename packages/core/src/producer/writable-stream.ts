import { WritableStream } from "node:stream/web";
import { type EnqueueOne, MANY_IN_FLIGHT } from "./enqueue-many.ts";
import { endOf } from "./on-abort.ts";
import { stored } from "./writable.ts";

/**
 * The Web's stream. A write is done when its job is stored or among the few that are on the way; `close()` is done when all
 * are stored. Not `Writable.toWeb`: its `abort()` waits for the write that waits for room, for as long as that takes.
 */
export function writableStream<In>(enqueue: EnqueueOne<In>, signal: AbortSignal | undefined): WritableStream<In> {
  const end = endOf(signal);
  const storing: Promise<void>[] = [];
  return new WritableStream<In>(
    {
      start(controller) {
        // Node has it since 18; its types of version 20 do not know it.
        const { signal: aborted } = controller as unknown as { readonly signal: AbortSignal };
        aborted.addEventListener("abort", () => end.come(aborted.reason), { once: true });
        const fail = (): void => {
          // A stream that is being aborted must not be told again: Node 20 throws inside itself.
          if (!aborted.aborted) controller.error(end.signal.reason);
        };
        if (end.signal.aborted) fail();
        else end.signal.addEventListener("abort", fail, { once: true });
      },
      async write(payload) {
        const answer = enqueue(payload, end.signal).then(stored);
        answer.catch((error: unknown) => end.come(error));
        storing.push(answer);
        if (storing.length === MANY_IN_FLIGHT) await storing.shift();
      },
      async close() {
        await Promise.all(storing);
        end.letGo();
      },
      async abort() {
        await Promise.allSettled(storing);
      },
    },
    { highWaterMark: MANY_IN_FLIGHT },
  );
}
