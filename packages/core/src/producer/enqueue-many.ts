import type { End } from "./on-abort.ts";
import type { EnqueueResult } from "./result.ts";

/** How many admissions are on the way at once: enough to hide the round trip. */
export const MANY_IN_FLIGHT = 64;

/** Asks for admission of one payload; the signal ends its wait. */
export type EnqueueOne<In> = (payload: In, signal: AbortSignal) => Promise<EnqueueResult>;

type Next<In> = { readonly item: IteratorResult<In> } | { readonly answered: true };

/**
 * Admissions of what a source yields: answers in the source's order, as they come, also while the source has nothing more
 * to give yet. The source is read as answers come in. Ending the loop, or an error of the source, ends what still waits;
 * after it nothing more is stored.
 */
export async function* enqueueMany<In>(
  source: Iterable<In> | AsyncIterable<In>,
  enqueue: EnqueueOne<In>,
  end: End,
): AsyncGenerator<EnqueueResult, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const onTheWay: Promise<EnqueueResult>[] = [];
  let reading: Promise<Next<In>> | null = null;
  let dry = false;
  try {
    while (!dry || onTheWay.length > 0) {
      while (!dry && onTheWay.length < MANY_IN_FLIGHT) {
        reading ??= read(iterator);
        const head = onTheWay[0];
        const next: Next<In> = await (head ? Promise.race([reading, settled(head)]) : reading);
        if ("answered" in next) break;
        reading = null;
        if (next.item.done === true) {
          dry = true;
          break;
        }
        const answer = enqueue(next.item.value, end.signal);
        // Thrown where its turn comes.
        answer.catch(() => undefined);
        onTheWay.push(answer);
      }
      const head = onTheWay.shift();
      if (head) yield await head;
    }
  } catch (error) {
    // The source itself failed, or an admission did: the source is told below, unless it knows.
    if (reading === null) dry = false;
    throw error;
  } finally {
    end.come();
    await Promise.allSettled(onTheWay);
    if (!dry) await iterator.return?.();
  }
}

const read = async <In>(iterator: Iterator<In> | AsyncIterator<In>): Promise<Next<In>> => ({
  item: await iterator.next(),
});

const settled = (answer: Promise<unknown>): Promise<{ readonly answered: true }> =>
  answer.then(
    () => ({ answered: true as const }),
    () => ({ answered: true as const }),
  );
