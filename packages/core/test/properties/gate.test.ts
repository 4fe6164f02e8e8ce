import * as fc from "fast-check";
import { expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { Driver, type Fetched, type Taken } from "../bullmq/drive.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** 0 to 0.99. Not fc.double: that is even over what a float can be, so nearly always next to 0. */
const share = fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100);

const CONCURRENCY = 4;

const history = fc.record({
  adaptive: fc.boolean(),
  steps: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 800 }),
      does: fc.constantFrom("ask", "ask", "ask", "end", "fail", "throttled", "throttled", "crash"),
      which: share,
      retryAfterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_000 })),
    }),
    { minLength: 10, maxLength: 40 },
  ),
});

it("the gate never moves earlier by itself (I6), and nothing leaks (I5)", async () => {
  let turn = 0;
  let shut = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ adaptive, steps }) => {
      const name = `h${turn++}`;
      const limiter = defineLimiter(name, { namespace: space.namespace, adaptive, concurrency: CONCURRENCY });
      const driver = await Driver.open(space, defineQueue(name, { limiter }));
      for (let index = 0; index < 30; index++) await driver.add(`${index}`);
      const running: Taken[] = [];
      const note = ({ job }: Fetched): void => {
        if (job) running.push(job);
      };
      let gate = 0;
      for (const { after, does, which, retryAfterMs } of steps) {
        driver.wire.now += after;
        const one = does === "ask" ? undefined : running.splice(Math.floor(which * running.length), 1)[0];
        if (does === "ask") note(await driver.fetch());
        if (one && does === "throttled") note(await driver.defer(one, retryAfterMs, which > 0.5));
        if (one && does === "end") note(await driver.complete(one, undefined, which > 0.5));
        if (one && does === "fail") {
          note(await driver.complete(one, { outcome: "failed", retryAfterMs: 0, spent: null }, which > 0.5));
        }
        // What stalled recovery does to jobs of a worker that died.
        if (one && does === "crash") await recover(driver, one);

        const { gateUntil, inFlight } = await driver.limiter();
        expect(gateUntil, `after ${does}`).toBeGreaterThanOrEqual(gate);
        if (gateUntil > gate && gateUntil > driver.wire.now) shut++;
        gate = gateUntil;
        expect(inFlight, `after ${does}`).toBe(running.length);
        expect(inFlight).toBeLessThanOrEqual(CONCURRENCY);
      }
      for (const job of running.splice(0)) await driver.complete(job);
      expect((await driver.limiter()).inFlight).toBe(0);
    }),
    { numRuns: 40 },
  );
  expect(shut).toBeGreaterThan(turn / 2);
});

async function recover({ base }: Driver, { id }: Taken): Promise<void> {
  const stored = `~${id}`;
  await space.client
    .multi()
    .lrem(`${base}active`, 1, stored)
    .rpush(`${base}wait`, stored)
    .del(`${base}${stored}:lock`)
    .exec();
}
