/** One contender on one scenario. */
export interface Cell<Scenario, Contender> {
  readonly scenario: Scenario;
  readonly contender: Contender;
}

/**
 * What runs at the same time, batch after batch: at most `most` cells. The contenders of a scenario stand together; where they are
 * more than fit, in groups of the same size; where they are fewer, the next scenario's fill up.
 */
export function batchesOf<S, C>(scenarios: readonly S[], contenders: readonly C[], most: number): Cell<S, C>[][] {
  const groups = Math.ceil(contenders.length / most);
  const size = Math.ceil(contenders.length / groups);
  const batches: Cell<S, C>[][] = [];
  for (const scenario of scenarios) {
    for (let from = 0; from < contenders.length; from += size) {
      const group = contenders.slice(from, from + size).map((contender) => ({ scenario, contender }));
      const last = batches.at(-1);
      if (last && last.length + group.length <= most) last.push(...group);
      else batches.push(group);
    }
  }
  return batches;
}
