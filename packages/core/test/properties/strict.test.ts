import * as fc from "fast-check";
import { expect, it } from "vitest";
import { defineLimiter, type LimitOptions } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { Driver, type Fetched, type Taken } from "../bullmq/drive.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

/** 0 to 0.99. Not fc.double: that is even over what a float can be, so nearly always next to 0. */
const share = fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100);

/** Asks in one period of the tokens. */
const INSIST = 20;

type Cost = Readonly<Record<string, number>>;

interface Grant {
  readonly at: number;
  cost: Cost;
}

const limitOf = (unit: string, most: number): fc.Arbitrary<LimitOptions & { per: number }> =>
  fc.integer({ min: 1, max: most }).chain((amount) =>
    fc.record(
      {
        unit: fc.constant(unit),
        amount: fc.constant(amount),
        per: fc.integer({ min: 50, max: 3_000 }),
        burst: fc.integer({ min: 1, max: amount }),
      },
      { requiredKeys: ["unit", "amount", "per"] },
    ),
  );

const history = fc.record({
  requests: limitOf("requests", 40),
  tokens: limitOf("tokens", 200),
  adaptive: fc.boolean(),
  // Shares of the tokens' amount.
  costs: fc.array(share, { minLength: 25, maxLength: 25 }),
  steps: fc.array(
    fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1_500 })),
      does: fc.constantFrom("ask", "insist", "insist", "insist", "end", "end-and-ask", "settle", "release", "crash"),
      which: share,
    }),
    { minLength: 15, maxLength: 50 },
  ),
});

/** The most that was granted in any half-open window of this length, by what each permit cost in the end. */
function mostWithin(grants: readonly Grant[], unit: string, perMs: number): number {
  return Math.max(
    0,
    ...grants.map(({ at: last }) =>
      grants.reduce((sum, { at, cost }) => sum + (at > last - perMs && at <= last ? (cost[unit] ?? 0) : 0), 0),
    ),
  );
}

it("in any window of length per, granted cost is at most the amount (I3)", async () => {
  let turn = 0;
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ requests, tokens, adaptive, costs, steps }) => {
      const name = `h${turn++}`;
      const limiter = defineLimiter(name, { namespace: space.namespace, adaptive, limits: [requests, tokens] });
      const driver = await Driver.open(space, defineQueue(name, { limiter, cost: () => ({}) }));
      const costOf = costs.map((part) => ({ requests: 1, tokens: Math.round(part * tokens.amount) }));
      await Promise.all(costOf.map((cost, index) => driver.add(`${index}`, { cost })));
      const grants: Grant[] = [];
      const running: { job: Taken; grant: Grant }[] = [];
      const note = ({ job }: Fetched): void => {
        if (!job) return;
        const grant = { at: driver.wire.now, cost: costOf[Number(job.id)] ?? {} };
        grants.push(grant);
        running.push({ job, grant });
      };
      for (const { after, does, which } of steps) {
        driver.wire.now += after;
        if (does === "ask" || does === "insist") {
          // Who insists asks again and again, and so gets it nearly as soon as it can be had.
          for (let asks = does === "insist" ? INSIST : 1; asks > 0; asks--) {
            const answer = await driver.fetch();
            note(answer);
            if (answer.job) break;
            if (asks > 1) driver.wire.now += Math.ceil(tokens.per / INSIST);
          }
          continue;
        }
        const [one] = running.splice(Math.floor(which * running.length), 1);
        if (!one || does === "crash") continue;
        if (does === "settle") {
          const spent = { tokens: Math.floor(which * (one.grant.cost["tokens"] ?? 0)) };
          const late = driver.wire.now - one.grant.at >= tokens.per;
          if (!late) one.grant.cost = { ...one.grant.cost, ...spent };
          note(await driver.complete(one.job, { outcome: "ok", retryAfterMs: 0, spent }));
        } else if (does === "release") {
          one.grant.cost = {};
          note(await driver.complete(one.job, { outcome: "released", retryAfterMs: 0, spent: null }));
        } else {
          note(await driver.complete(one.job, undefined, does === "end-and-ask"));
        }
      }
      granted += grants.length;
      for (const { unit, per, amount } of [requests, tokens]) {
        expect(mostWithin(grants, unit, per), `${unit}: ${JSON.stringify(grants)}`).toBeLessThanOrEqual(amount);
      }
    }),
    { numRuns: 40 },
  );
  // A history in which nothing is granted would prove nothing.
  expect(granted / turn).toBeGreaterThan(4);
});
