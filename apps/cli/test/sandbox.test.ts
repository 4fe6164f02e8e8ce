import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLimiter, defineQueue } from "headgate";
import { expect, onTestFinished, test, vi } from "vitest";
import { fleetBench, type Work } from "./support/fleet.ts";

/** What the fixture fleet.config.ts runs in sandboxes. */
function boxed(on: ReturnType<typeof fleetBench>) {
  const limiter = defineLimiter("boxed-api", {
    namespace: on.namespace,
    adaptive: false,
    limits: [{ unit: "requests", amount: 1_000, per: "1d", burst: 1_000 }],
  });
  return defineQueue<Work>("boxed", { limiter, timeout: "3s", backoff: { type: "fixed", delay: 50 } });
}

/** A fleet of the sandboxed queue, and how often each of its jobs was started. */
function sandboxBench() {
  const on = fleetBench(undefined, ["boxed"]);
  on.environment["TEST_STARTS_FILE"] = join(tmpdir(), `${on.namespace}.starts`);
  onTestFinished(() => rmSync(on.environment["TEST_STARTS_FILE"] ?? "", { force: true }));
  return on;
}

function startsOf({ environment }: ReturnType<typeof fleetBench>): Map<string, number> {
  const file = environment["TEST_STARTS_FILE"] ?? "";
  const starts = new Map<string, number>();
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  for (const id of lines) starts.set(id, (starts.get(id) ?? 0) + 1);
  return starts;
}

test("poison jobs start at most three times, end in the failed set with a reason, and leave the others alone", {
  timeout: 90_000,
}, async () => {
  const on = sandboxBench();
  const queue = boxed(on);
  const fleet = await on.start("--processes", "1");
  await fleet.line("stderr", / ready boxed$/);
  const put = (id: string, kind: string, ms = 20) => on.producer.enqueue(queue, { doc: id, kind, ms }, { id });
  const poisons = ["exit", "loop", "memory"];
  for (const kind of poisons) await put(kind, kind);
  for (let index = 0; index < 10; index++) await put(`good-${index}`, "");
  await vi.waitFor(
    async () => expect((await on.control.status(queue)).counts).toMatchObject({ completed: 10, failed: 3, active: 0 }),
    { timeout: 80_000, interval: 50 },
  );
  const runs = startsOf(on);
  for (const kind of poisons) expect(runs.get(kind), `starts of ${kind}`).toBeLessThanOrEqual(3);
  for (let index = 0; index < 10; index++) expect(runs.get(`good-${index}`)).toBe(1);
  const failure = (id: string) => on.producer.result(queue, id).catch((error: Error) => error.message);
  expect(await failure("exit")).toContain("HG_SANDBOX_DIED");
  expect(await failure("loop")).toContain("HG_JOB_TIMEOUT");
  expect(await failure("memory")).toContain("HG_SANDBOX_DIED");
  expect(fleet.seen(), "the worker's own process").not.toContain(" died ");
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("throttling, costs, log and progress reach the limiter and the job from a sandbox", async () => {
  const on = sandboxBench();
  const queue = boxed(on);
  const fleet = await on.start();
  await fleet.line("stderr", / ready boxed$/);
  const put = (id: string, kind: string) => on.producer.enqueue(queue, { doc: id, kind, ms: 1 }, { id });
  await put("plain", "");
  const result = await on.producer.result(queue, "plain", { timeout: "20s" });
  expect(result).toMatchObject({ attempt: 1 });
  expect(fleet.pids(), "not in the worker's process").not.toContain((result as { pid: number }).pid);
  await put("told", "throttled");
  await fleet.line("stderr", / deferred boxed id=told deferrals=1 .*reason=throttled/);
  expect(await on.producer.result(queue, "told", { timeout: "20s" }), "no attempt was spent").toMatchObject({
    attempt: 1,
  });
  await put("sdk", "sdk");
  await fleet.line("stderr", / deferred boxed id=sdk deferrals=1 /);
  expect(await on.producer.result(queue, "sdk", { timeout: "20s" })).toMatchObject({ attempt: 1 });
  const { totals, limits } = await on.control.status(queue.limiter);
  expect(totals).toMatchObject({ granted: 5, ok: 3, throttled: 2 });
  // Settled at 2 for each that came through, 3 and 1 for the two that were throttled.
  expect(limits[0]?.remaining).toBeCloseTo(1_000 - 3 * 2 - 3 - 1, 0);
  const base = `${queue.bullmq.prefix}:${queue.name}:~plain`;
  expect(await on.redis.lrange(`${base}:logs`, 0, -1)).toEqual(["line of plain"]);
  expect(await on.redis.hget(base, "progress")).toBe("50");
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});

test("a job of a flow is told in its sandbox what its children returned; a spent quota shuts the gate from there too", async () => {
  const on = sandboxBench();
  const queue = boxed(on);
  const fleet = await on.start("--processes", "1");
  await fleet.line("stderr", / ready boxed$/);
  const leaf = { queue, id: "leaf", payload: { doc: "leaf", ms: 1 } };
  await on.producer.enqueueFlow({ queue, id: "root", payload: { doc: "root", kind: "root" }, children: [leaf] });
  expect(await on.producer.result(queue, "root", { timeout: "20s" })).toEqual([
    { id: "leaf", queue: "boxed", result: expect.objectContaining({ attempt: 1 }) },
  ]);
  await on.producer.enqueue(queue, { doc: "spent", kind: "spent" }, { id: "spent" });
  await fleet.line("stderr", / parked boxed id=spent reason=quota/);
  expect((await on.control.status(queue.limiter)).gate).toMatchObject({ closed: true, reason: "quota" });
  expect((await on.control.status(queue)).counts).toMatchObject({ wait: 1, failed: 0, delayed: 0 });
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});

test("a drain aborts the run in its sandbox and puts the job back", async () => {
  const on = sandboxBench();
  const queue = boxed(on);
  const fleet = await on.start("--drain-timeout", "300ms");
  await fleet.line("stderr", / ready boxed$/);
  await on.producer.enqueue(queue, { doc: "long", ms: 60_000 }, { id: "long" });
  await vi.waitFor(() => expect(startsOf(on).get("long")).toBe(1), { timeout: 15_000, interval: 10 });
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
  expect((await on.control.status(queue)).counts).toMatchObject({ wait: 1, active: 0, failed: 0 });
});

test("a processor may be TypeScript, an ES module or CommonJS", async () => {
  const on = fleetBench(undefined, []);
  on.config = "sandboxed.config.ts";
  const fleet = await on.start();
  await fleet.line("stderr", / ready /, 3);
  const limiter = defineLimiter("sandboxed-api", { namespace: on.namespace, adaptive: false });
  for (const form of ["ts", "mjs", "cjs"]) {
    const queue = defineQueue<number>(form, { limiter, attempts: 1 });
    await on.producer.enqueue(queue, 7, { id: "a" });
    expect(await on.producer.result(queue, "a", { timeout: "20s" })).toMatchObject({
      payload: 7,
      id: "a",
      file: `echo.${form}`,
    });
  }
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});
