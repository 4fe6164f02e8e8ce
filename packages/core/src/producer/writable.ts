import { Writable } from "node:stream";
import { headgateError } from "../errors.ts";
import { type EnqueueOne, enqueueMany, MANY_IN_FLIGHT } from "./enqueue-many.ts";
import { endOf } from "./on-abort.ts";
import type { EnqueueResult } from "./result.ts";

/**
 * Every chunk is one payload. What has gathered while Redis was asked is asked for together, and the callback of a write
 * comes when its job is stored. The first refusal is the stream's error; what was written behind it is not stored, unless it
 * was on the way already.
 */
export function writable<In>(enqueue: EnqueueOne<In>, signal: AbortSignal | undefined): Writable {
  const end = endOf(undefined);
  let storing: Promise<void> = Promise.resolve();
  const store = (payloads: readonly In[], done: (error?: Error | null) => void): void => {
    storing = storeAll(payloads, enqueue, end.signal).then(() => done(), done);
  };
  return new Writable({
    objectMode: true,
    highWaterMark: MANY_IN_FLIGHT,
    ...(signal ? { signal } : {}),
    write: (payload: In, _encoding, done) => store([payload], done),
    writev: (chunks, done) =>
      store(
        chunks.map(({ chunk }) => chunk as In),
        done,
      ),
    // After "close" nothing of it is stored any more.
    destroy: (error, done) => {
      end.come(error ?? undefined);
      void storing.then(() => done(error));
    },
  });
}

async function storeAll<In>(payloads: readonly In[], enqueue: EnqueueOne<In>, signal: AbortSignal): Promise<void> {
  for await (const result of enqueueMany(payloads, enqueue, endOf(signal))) stored(result);
}

/** A stream has no other way to say that it was refused. */
export function stored(result: EnqueueResult): void {
  if (!result.accepted) throw headgateError("HG_REFUSED", { got: result.reason, details: { ...result } });
}
