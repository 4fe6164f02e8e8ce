import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLimiter, defineQueue } from "headgate";
import { expect, onTestFinished, test } from "vitest";
import { parseExposition } from "./support/exposition.ts";
import { fleetBench, isRunning, type Work } from "./support/fleet.ts";

/** A fleet of the fixture whose queues, and their concurrency, a file says. */
function reloadBench(queues: Record<string, unknown>) {
  const on = fleetBench(undefined, []);
  const file = join(tmpdir(), `${on.namespace}.queues.json`);
  onTestFinished(() => rmSync(file, { force: true }));
  const write = (content: Record<string, unknown>): void => writeFileSync(file, JSON.stringify(content));
  write(queues);
  on.config = "reload.config.ts";
  on.environment["TEST_QUEUES"] = file;
  const limiter = defineLimiter("fleet-api", { namespace: on.namespace, adaptive: false });
  const queue = (name: string) => defineQueue<Work>(name, { limiter, attempts: 1 });
  /** Until each of its processes takes jobs. */
  const start = async (processes: number) => {
    const fleet = await on.start("--processes", `${processes}`);
    await fleet.line("stderr", / ready /, processes * Object.keys(queues).length);
    await fleet.ready();
    return fleet;
  };
  return { on, write, queue, start };
}

test("SIGHUP reads the config anew: queues that came, went or were resized", async () => {
  const { on, write, queue, start } = reloadBench({ stays: 2, goes: 2 });
  const fleet = await start(2);
  write({ stays: 5, comes: 1 });
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / config added=comes removed=goes resized="stays:2->5"/);
  await fleet.line("stderr", / rolled /);
  expect(await fleet.status("/readyz"), "without the queue that is gone").toBe(200);
  await on.producer.enqueue(queue("comes"), { doc: "a" }, { id: "a" });
  await fleet.line("stderr", / completed comes id=a /);
  const families = parseExposition(await (await fetch(`${fleet.url}/metrics`)).text());
  const of = (name: string, named: string) =>
    families
      .get(name)
      ?.samples.filter(({ labels }) => labels["queue"] === named)
      .map(({ value }) => value);
  expect(of("headgate_worker_slots", "stays")).toEqual([10]);
  expect(of("headgate_queue_depth_jobs", "comes")).toEqual([0]);
  expect(of("headgate_queue_depth_jobs", "goes")).toEqual([]);
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("a config that cannot be used any more is said, and the old processes go on, also when one of them is killed", async () => {
  const { on, write, queue, start } = reloadBench({ work: 2 });
  const fleet = await start(2);
  const before = fleet.pids();
  write({ work: "many" });
  fleet.process.kill("SIGHUP");
  const line = await fleet.line("stderr", / roll-failed /);
  expect(line).toMatch(/process=0 code=2 .*reason="its config cannot be used; the old ones go on"/);
  expect(fleet.seen()).toContain("HG_CONFIG_INVALID");
  expect(fleet.seen()).toContain("queues.work.concurrency");
  expect(before.filter(isRunning)).toEqual(before);
  expect(await fleet.status("/readyz")).toBe(200);
  const [victim = 0, other = 0] = before;
  process.kill(victim, "SIGKILL");
  await fleet.line("stderr", / died .*code=2 .*reason="its config cannot be used" restartInMs=10000/);
  expect(isRunning(other)).toBe(true);
  await on.producer.enqueue(queue("work"), { doc: "a" }, { id: "a" });
  await fleet.line("stderr", / completed work id=a /);
  write({ work: 3 });
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolled /);
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("SIGHUP while it rolls begins anew", async () => {
  const { write, start } = reloadBench({ work: 2 });
  const fleet = await start(2);
  write({ work: 3 });
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolling /);
  write({ work: 4 });
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolling /, 2);
  await fleet.line("stderr", / rolled /);
  const alive = fleet.pids().filter(isRunning);
  expect(alive).toHaveLength(2);
  const started = Array.from(fleet.seen().matchAll(/ starting work concurrency=(\d) pid=(\d+)/g));
  const slots = started.filter(([, , pid]) => alive.includes(Number(pid))).map(([, concurrency]) => concurrency);
  expect(slots, "all of them have read it as it is now").toEqual(["4", "4"]);
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});

test("a process that is killed while the fleet rolls leaves it as large as it was", async () => {
  const { start } = reloadBench({ work: 2 });
  const fleet = await start(3);
  const [first = 0, , last = 0] = fleet.pids();
  fleet.process.kill("SIGHUP");
  await fleet.line("stderr", / rolling /);
  // The one whose successor is starting, and one whose turn has not come.
  for (const pid of [first, last]) process.kill(pid, "SIGKILL");
  await fleet.line("stderr", / rolled /);
  await fleet.line("stderr", / ready work/, 6);
  expect(fleet.pids().filter(isRunning)).toHaveLength(3);
  fleet.process.kill("SIGTERM");
  expect(await fleet.ended).toMatchObject({ code: 0 });
});
