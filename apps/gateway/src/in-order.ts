/**
 * Answers of what a source yields, in its order, as they come, also while the source has nothing more to give yet. At most `most`
 * are on the way; no more of the source is read before somebody takes an answer.
 */
export async function* inOrder<In, Out>(
  source: AsyncGenerator<In, void, undefined>,
  answer: (value: In) => Promise<Out>,
  most: number,
): AsyncGenerator<Out, void, undefined> {
  const onTheWay: Promise<Out>[] = [];
  let reading: Promise<IteratorResult<In, void>> | null = null;
  let dry = false;
  while (!dry || onTheWay.length > 0) {
    const head = onTheWay[0];
    if (!dry && onTheWay.length < most) {
      reading ??= source.next();
      const next = await (head ? Promise.race([reading, head.then(() => null)]) : reading);
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
}
