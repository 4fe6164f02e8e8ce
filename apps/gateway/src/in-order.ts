import { once } from "node:events";

/**
 * Answers of what a source yields, in its order, as they come, also while the source has nothing more to give yet. At most `most`
 * are on the way; no more of the source is read before somebody takes an answer. After the signal nothing more is read.
 */
export async function* inOrder<In, Out>(
  source: AsyncGenerator<In, void, undefined>,
  answer: (value: In) => Promise<Out>,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<Out, void, undefined> {
  const onTheWay: Promise<Out>[] = [];
  const done = new AbortController();
  const stopped = stopOf(signal, done.signal);
  let reading: Promise<IteratorResult<In, void>> | null = null;
  let dry = false;
  try {
    while (!dry || onTheWay.length > 0) {
      const head = onTheWay[0];
      if (!dry && onTheWay.length < most) {
        reading ??= source.next();
        // A source that fails while nobody looks is heard at the next look.
        reading.catch(() => undefined);
        const next = await Promise.race([stopped, reading, ...(head ? [head.then(() => null)] : [])]);
        if (next) {
          reading = null;
          if (next.done) dry = true;
          else onTheWay.push(answer(next.value));
          continue;
        }
      }
      if (head) yield await head;
      onTheWay.shift();
    }
  } finally {
    done.abort();
  }
}

/** The end of the source, as soon as the signal says so; never, once it is done. */
async function stopOf(
  signal: AbortSignal,
  done: AbortSignal,
): Promise<{ readonly done: true; readonly value: undefined }> {
  const end = { done: true, value: undefined } as const;
  if (signal.aborted) return end;
  return once(signal, "abort", { signal: done }).then(
    () => end,
    () => end,
  );
}
