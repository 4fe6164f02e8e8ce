import { defineLimiter, defineQueue } from "headgate";
import { expect, test, vi } from "vitest";
import { fleetBench, isRunning, type Work } from "./support/fleet.ts";

test("SIGTERM: not ready at once, ends in time with 0, what is unfinished is back in wait with its attempt unspent", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2", "--drain-timeout", "1s");
  await fleet.ready();
  await on.enqueue(14, { ms: 60_000 });
  await on.until(({ active }) => active === 10);
  const from = performance.now();
  fleet.process.kill("SIGTERM");
  await fleet.ready(503);
  const notReadyMs = performance.now() - from;
  const { code } = await fleet.ended;
  const tookMs = performance.now() - from;
  console.log(`SIGTERM: not ready after ${notReadyMs.toFixed(0)} ms, ended after ${tookMs.toFixed(0)} ms`);
  expect(code).toBe(0);
  expect(notReadyMs).toBeLessThan(1_000);
  expect(tookMs).toBeLessThan(3_000);
  expect(await on.counts()).toMatchObject({ wait: 14, active: 0, failed: 0, completed: 0 });
  const { prefix, name } = on.queue.bullmq;
  for (const id of await on.redis.lrange(`${prefix}:${name}:wait`, 0, -1)) {
    expect(await on.redis.hget(`${prefix}:${name}:${id}`, "atm")).toBeOneOf([null, "0"]);
  }
  expect((await on.control.status(on.queue.limiter)).inFlight).toBe(0);
});

test("a process that is killed comes back, and nothing is lost", { timeout: 90_000 }, async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2", "--quiet");
  await fleet.ready();
  const ids = await on.enqueue(300, { ms: 40 });
  const slots = 10;
  await on.until(({ completed }) => completed > 20);
  const [victim = 0] = fleet.pids();
  process.kill(victim, "SIGKILL");
  await fleet.line("stderr", new RegExp(` died process=\\d pid=${victim} .*signal=SIGKILL`));
  await on.until(({ completed }) => completed === ids.length, 50_000);
  const runs = await on.runs();
  expect([...runs.keys()].toSorted()).toEqual(ids.toSorted());
  const twice = [...runs.values()].reduce((sum, count) => sum + count - 1, 0);
  console.log(`killed 1 of 2: ${twice} of ${ids.length} jobs ran twice`);
  expect(twice, "no more than it had in its hands").toBeLessThanOrEqual(slots / 2);
  expect((await on.control.status(on.queue.limiter)).inFlight).toBe(0);
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("SIGHUP replaces every process under load: nothing is lost, nothing runs twice", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2", "--quiet");
  await fleet.ready();
  const before = fleet.pids();
  const ids = await on.enqueue(400, { ms: 50 });
  await on.until(({ completed }) => completed > 20);
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolled /);
  await on.until(({ completed }) => completed === ids.length);
  expect(fleet.pids()).toHaveLength(4);
  expect(before.filter(isRunning), "the old ones are gone").toEqual([]);
  expect([...(await on.runs()).values()].filter((count) => count !== 1)).toEqual([]);
  expect(fleet.seen()).not.toContain(" died ");
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("a crash loop is given up with its own exit code, and says so", async () => {
  const on = fleetBench();
  on.environment["TEST_CRASH"] = "start";
  const { code, stderr } = await on.launch("--processes", "1").ended;
  expect(code).toBe(4);
  expect(stderr.match(/ died process=0 .*code=7/g)).toHaveLength(4);
  expect(stderr).toMatch(/ giving-up error=HG_CRASH_LOOP process=0/);
});

test("a start that no restart can cure ends the fleet at once, with its own exit code and the error", async () => {
  const on = fleetBench();
  const other = defineLimiter("other-api", { namespace: on.namespace });
  await on.producer.enqueue(defineQueue<Work>("work", { limiter: other }), { doc: "stays" });
  const { code, stderr } = await on.launch("--processes", "2").ended;
  expect(code).toBe(5);
  expect(stderr).toContain("HG_QUEUE_MOVED");
  expect(stderr.match(/ giving-up /g)).toHaveLength(1);
  expect(stderr).not.toContain(" died ");
});

test("a second signal ends everything at once, with 1", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2");
  await fleet.ready();
  await on.enqueue(2, { ms: 60_000 });
  await on.until(({ active }) => active === 2);
  const pids = fleet.pids();
  fleet.process.kill("SIGTERM");
  await fleet.line("stderr", / draining work /);
  const from = performance.now();
  fleet.process.kill("SIGINT");
  expect(await fleet.ended).toMatchObject({ code: 1 });
  expect(performance.now() - from).toBeLessThan(1_000);
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]));
});

test("a signal while its processes are starting ends it at once, with 0", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "2");
  const from = performance.now();
  fleet.process.kill("SIGTERM");
  const { code, stderr } = await fleet.ended;
  // An order that nobody hears yet was waited for until the drain timeout had passed: 25 s.
  expect(performance.now() - from).toBeLessThan(10_000);
  expect(code).toBe(0);
  expect(stderr).not.toContain(" killed ");
});

test("when the supervisor is killed, its processes put their jobs back and end", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "1", "--drain-timeout", "500ms");
  await fleet.ready();
  await on.enqueue(3, { ms: 60_000 });
  await on.until(({ active }) => active === 3);
  const [pid = 0] = fleet.pids();
  fleet.process.kill("SIGKILL");
  await on.until(({ wait, active }) => wait === 3 && active === 0, 5_000);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 3_000 });
});

test("errors go to the log once a second with a count of the rest, and without what the job held", async () => {
  const on = fleetBench();
  const fleet = await on.start("--processes", "1");
  await fleet.ready();
  await on.enqueue(200, { kind: "fail" });
  await on.until(({ failed }) => failed === 200);
  await fleet.line("stderr", / failed work .*error=Error suppressed=\d+/);
  const lines = fleet.seen().match(/ failed work /g)?.length ?? 0;
  expect(lines).toBeLessThan(6);
  expect(fleet.seen()).not.toContain("secret-in-message");
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});

test("the port is on 127.0.0.1, and one that is taken is an error where it was asked for", async () => {
  const on = fleetBench();
  const fleet = await on.start();
  expect(new URL(fleet.url).hostname).toBe("127.0.0.1");
  expect(await fleet.status("/healthz")).toBe(200);
  expect(await fleet.status("/elsewhere")).toBe(404);
  const { port } = new URL(fleet.url);
  const { code, stderr } = await on.launch("--port", port).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("HG_WORKER_PORT");
  fleet.process.kill("SIGTERM");
  await fleet.ended;
});
