import { defineLimiter, defineQueue } from "headgate";
import { expect, it } from "vitest";
import { useRedis } from "../support/redis.ts";
import { Driver, taken } from "./drive.ts";

const space = useRedis();

it("an ending with a hint is finished as any other, sent twice or not", async () => {
  const queue = defineQueue("q", { limiter: defineLimiter("api", { namespace: space.namespace }) });
  const driver = await Driver.open(space, queue);
  for (const id of ["a", "b", "c"]) await driver.add(id);
  driver.wire.sends = 2;
  const limits = [
    { unit: "requests", limit: 100, remaining: 99, resetMs: 60_000, windowMs: 60_000 },
    { unit: "tokens" },
  ];
  const first = taken(await driver.fetch());
  const second = taken(await driver.complete(first, { outcome: "ok", retryAfterMs: 0, spent: null, limits }, true));
  await driver.complete(second, { outcome: "throttled", retryAfterMs: 0, spent: null, limits });
  expect(await driver.counts()).toMatchObject({ wait: 1, active: 0, completed: 2 });
  expect((await driver.limiter()).totals).toMatchObject({ granted: 2, ok: 1, throttled: 1 });
});
