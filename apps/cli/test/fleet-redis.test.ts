import { expect, test, vi } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis/private.mjs";
import { fleetBench } from "./support/fleet.ts";
import { troublesOf } from "./support/troubles.ts";

test("a fleet that starts before its Redis waits for it, not ready, and works when it comes", async () => {
  const first = await startPrivateRedis();
  await first.stop();
  const on = fleetBench(first.url);
  const fleet = await on.start("--processes", "1");
  await fleet.line("stderr", / error work error=ECONNREFUSED|error=HG_REDIS_UNREACHABLE/);
  expect(await fleet.status("/readyz")).toBe(503);
  expect(await fleet.status("/healthz")).toBe(200);
  const redis = await startPrivateRedis({ port: first.port });
  try {
    await fleet.ready();
    await on.enqueue(5);
    await on.until(({ completed }) => completed === 5);
    expect(fleet.seen()).not.toContain(" died ");
    fleet.process.kill("SIGTERM");
    expect(await fleet.ended).toMatchObject({ code: 0 });
  } finally {
    await redis.stop();
  }
});

test("Redis away for 2 s, three times: the fleet goes on within 2 s, holds no more files, and says it once a second", async () => {
  // It comes back empty: what a fleet defines is registered again, too.
  let redis = await startPrivateRedis();
  const on = fleetBench(redis.url);
  try {
    const fleet = await on.start("--processes", "2", "--quiet");
    await fleet.line("stderr", / ready work/, 2);
    const [pid = 0] = fleet.pids();
    const files: number[] = [];
    for (let round = 0; round < 3; round++) {
      await redis.kill();
      const scraped = performance.now();
      const text = await (await fetch(`${fleet.url}/metrics`)).text();
      expect(performance.now() - scraped, "a scrape does not wait for Redis").toBeLessThan(1_000);
      expect(text).toContain("headgate_redis_up 0");
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      redis = await startPrivateRedis({ port: redis.port });
      const from = performance.now();
      await vi.waitFor(() => on.redis.ping(), { timeout: 5_000 });
      await on.enqueue(3, {}, round * 3);
      await on.until(({ completed }) => completed >= 3, 5_000);
      const tookMs = performance.now() - from;
      console.log(`Redis back: three jobs done after ${tookMs.toFixed(0)} ms`);
      expect(tookMs).toBeLessThan(2_000);
      files.push(on.openFiles(pid));
    }
    expect(files.at(-1)).toBeLessThanOrEqual((files[0] ?? 0) + 1);
    // Over both processes; what they left out is not lost either: each has failed to connect ten times an outage at least.
    const errors = troublesOf(fleet.seen());
    for (const [kind, { mostInASecond }] of errors) expect(mostInASecond, `${kind}\n${fleet.seen()}`).toBe(1);
    const told = Array.from(errors.values(), ({ lines, suppressed }) => lines + suppressed);
    expect(Math.max(...told)).toBeGreaterThanOrEqual(errors.size);
    expect(errors.get("error Error:ECONNREFUSED")?.lines).toBeGreaterThanOrEqual(3);
    fleet.process.kill("SIGTERM");
    expect(await fleet.ended).toMatchObject({ code: 0 });
  } finally {
    await redis.stop();
  }
});

test("Redis without memory: producers are refused, the fleet drains, and says at most one line a second", async () => {
  const redis = await startPrivateRedis();
  const on = fleetBench(redis.url);
  try {
    // The fixture would count its starts in the Redis that is full.
    on.environment["TEST_STARTS"] = "";
    await on.enqueue(300, { ms: 10 });
    const fleet = await on.start("--processes", "1", "--quiet");
    await fleet.ready();
    await on.redis.config("SET", "maxmemory", "1000000");
    // Until the queue has been reviewed it is Redis that refuses, then the queue does.
    const refusal = () =>
      on.producer.enqueue(on.queue, { doc: "late" }, { onPressure: "refuse" }).then(
        (result) => (result.accepted ? "accepted" : result.reason),
        ({ code, outcome }: { code?: string; outcome?: string }) => `${code} ${outcome}`,
      );
    expect(await refusal()).toBeOneOf(["memory", "HG_REDIS_UNAVAILABLE not-sent"]);
    await vi.waitFor(async () => expect(await refusal()).toBe("memory"), { timeout: 5_000 });
    await on.until(({ completed }) => completed === 300);
    for (const [kind, { mostInASecond }] of troublesOf(fleet.seen())) expect(mostInASecond, kind).toBe(1);
    await on.redis.config("SET", "maxmemory", "0");
    fleet.process.kill("SIGTERM");
    expect(await fleet.ended).toMatchObject({ code: 0 });
  } finally {
    await redis.stop();
  }
});
