import * as fc from "fast-check";
import { defineLimiter, defineQueue, type Queue } from "headgate";
import { createProducer, type FlowIds, type FlowNode } from "headgate/producer";
import { expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";

const space = useRedis();
const CAPACITY = 8;

/** Which of the two queues each job is for; small ids, so that flows meet each other's jobs. */
interface Shape {
  readonly second: boolean;
  readonly id: number | null;
  readonly children: readonly Shape[];
}

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    second: fc.boolean(),
    id: fc.option(fc.integer({ min: 0, max: 30 })),
    children: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      fc.constant([]),
      fc.array(tie("shape"), { minLength: 1, maxLength: 4 }),
    ),
  }),
}));

const history = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ flow: shape }) },
    { weight: 2, arbitrary: fc.record({ second: fc.boolean(), id: fc.integer({ min: 0, max: 30 }) }) },
  ),
  { minLength: 3, maxLength: 12 },
);

it("a flow is stored whole or not at all, never above capacity (I1), nothing that is there is touched", async () => {
  const tally = { whole: 0, refused: 0, thrown: 0 };
  let turn = 0;
  const producer = space.use(createProducer({ connection: space.url }));
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const limiter = defineLimiter(`l${turn++}`, { namespace: space.namespace, adaptive: false });
      const watermarks = { high: 1, low: 0.98 };
      const queues = ["a", "b"].map((name) =>
        defineQueue(`${name}${turn}`, { limiter, capacity: CAPACITY, watermarks }),
      );
      const queueOf = (second: boolean): Queue => queues[second ? 1 : 0] as Queue;
      for (const step of steps) {
        const before = await stored(queues);
        if (!("flow" in step)) {
          await producer.enqueue(queueOf(step.second), null, { id: String(step.id), onPressure: "refuse" });
          continue;
        }
        const result = await producer.enqueueFlow(treeOf(step.flow, queueOf), { onPressure: "refuse" }).catch(coded);
        const after = await stored(queues);
        for (const queue of queues)
          expect(after.filter((key) => key.startsWith(queue.name)).length).toBeLessThanOrEqual(8);
        if (typeof result !== "string" && result.accepted && !result.duplicate) {
          tally.whole++;
          const asked = keysOf({ id: result.id, queue: queueOf(step.flow.second).name, children: result.children });
          expect(after).toEqual([...new Set([...before, ...asked])].sort());
        } else {
          tally[typeof result === "string" ? "thrown" : "refused"]++;
          expect(after).toEqual(before);
        }
      }
    }),
    { numRuns: 60 },
  );
  console.log(`flows: ${JSON.stringify(tally)}`);
  for (const count of Object.values(tally)) expect(count).toBeGreaterThan(5);
});

const treeOf = ({ second, id, children }: Shape, queueOf: (second: boolean) => Queue): FlowNode => ({
  queue: queueOf(second),
  payload: null,
  ...(id === null ? {} : { id: String(id) }),
  children: children.map((child) => treeOf(child, queueOf)),
});

/** What a flow that cannot be is answered with; anything else is a failure. */
function coded(error: { readonly code?: string }): string {
  if (error.code === "HG_FLOW_TOO_LARGE" || error.code === "HG_FLOW_CONFLICT" || error.code === "HG_ID_INVALID")
    return error.code;
  throw error;
}

const keysOf = ({ id, queue, children }: FlowIds): string[] => [`${queue}:~${id}`, ...children.flatMap(keysOf)];

/** Every job of the queues that is admitted and not finished. */
async function stored(queues: readonly Queue[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, bullmq } of queues) {
    const base = `${bullmq.prefix}:${name}:`;
    const ids = [
      ...(await space.client.lrange(`${base}wait`, 0, -1)),
      ...(await space.client.zrange(`${base}waiting-children`, "0", "-1")),
    ];
    found.push(...ids.map((id) => `${name}:${id}`));
  }
  return found.sort();
}
