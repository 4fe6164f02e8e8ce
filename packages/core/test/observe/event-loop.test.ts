import { once } from "node:events";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { describe, expect, it } from "vitest";
import { define } from "../support/programs/protocol.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

describe("a processor that blocks the event loop", () => {
  it("is warned of, with how long and how near that comes to the lock", async () => {
    const { queue } = define({ namespace: space.namespace, limiter: "api", queue: "q" });
    const producer = space.use(createProducer({ connection: space.url }));
    const worker = space.use(
      createWorker(
        queue,
        () => {
          const until = performance.now() + 1_700;
          while (performance.now() < until);
        },
        { connection: space.url, lockDuration: "15s" },
      ),
    );
    const blocked = once(worker, "blocked");
    await producer.enqueue(queue, {});
    const [event] = await blocked;
    expect(event).toMatchObject({ queue: "q", lockDurationMs: 15_000 });
    expect(event.blockedMs).toBeGreaterThan(1_000);
    expect(event.blockedMs).toBeLessThan(10_000);
  });
});
