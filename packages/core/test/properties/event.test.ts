import * as fc from "fast-check";
import { expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { Driver, type Taken } from "../bullmq/drive.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** 0 to 0.99. Not fc.double: that is even over what a float can be, so nearly always next to 0. */
const share = fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100);

const event = fc.record({
  /** Permits per second that are declared; null: nothing is. */
  declared: fc.option(fc.integer({ min: 5, max: 500 })),
  calls: fc.integer({ min: 3, max: 15 }),
  answers: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 200 }),
      which: share,
      throttled: fc.boolean(),
      retryAfterMs: fc.constantFrom(0, 0, 1_000),
    }),
    { minLength: 4, maxLength: 15 },
  ),
});

it("one congestion event makes one decrease, however many 429s it brings (I7)", async () => {
  let turn = 0;
  let repeated = 0;
  let decreased = 0;
  await fc.assert(
    fc.asyncProperty(event, async ({ declared, calls, answers }) => {
      const name = `h${turn++}`;
      const limits = declared === null ? [] : [{ unit: "requests", amount: declared, per: "1s" as const }];
      const limiter = defineLimiter(name, { namespace: space.namespace, limits });
      const driver = await Driver.open(space, defineQueue(name, { limiter }));
      for (let index = 0; index < calls; index++) await driver.add(`${index}`);
      const running: Taken[] = [];
      while (running.length < calls) {
        const { job } = await driver.fetch();
        if (job) running.push(job);
        else driver.wire.now += 250;
      }
      const rateNow = async (): Promise<number> => (await driver.limiter()).rate ?? Number.POSITIVE_INFINITY;
      const before = await rateNow();
      const rates: number[] = [];
      for (const { after, which, throttled, retryAfterMs } of answers) {
        driver.wire.now += after;
        const [job] = running.splice(Math.floor(which * running.length), 1);
        if (!job) break;
        await (throttled ? driver.defer(job, retryAfterMs) : driver.complete(job));
        if (throttled) rates.push(await rateNow());
      }
      const [first = before] = rates;
      expect(first).toBeLessThanOrEqual(before);
      expect(new Set(rates).size, `${before} → ${rates.join(" ")}`).toBeLessThanOrEqual(1);
      repeated += Math.max(0, rates.length - 1);
      decreased += first < before ? 1 : 0;
    }),
    { numRuns: 40 },
  );
  expect(repeated).toBeGreaterThan(turn);
  expect(decreased).toBeGreaterThan(turn / 4);
});
