import { beforeEach, expect, test } from "vitest";
import { fleetBench } from "./support/fleet.ts";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const enqueue = (queue: string, input: string) =>
  headgate(["enqueue", queue, "--id-field", "doc"], { input, environment });

test("runs its queues, says what happens without job data, and drains at SIGTERM", async () => {
  await enqueue("letters", '{"doc":"very-secret"}\n'.replace("very-secret", "id-1"));
  const running = startHeadgate(["worker", "letters"], { environment });
  await running.line("stderr", / ready letters$/);
  await running.line("stderr", / completed letters id=id-1 attempt=1$/);
  running.process.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toBe("");
  expect(stderr).toContain("draining letters signal=SIGTERM");
  expect(stderr).toMatch(/ closed letters\n$/);
});

test("a job that runs when the signal comes is finished first", async () => {
  const on = fleetBench();
  const fleet = await on.start();
  await on.enqueue(1, { kind: "held" });
  await fleet.line("stderr", / ready work/);
  await on.until(({ active }) => active === 1);
  fleet.process.kill("SIGTERM");
  await fleet.line("stderr", / draining work /);
  await on.redis.rpush(`${on.starts}:release`, "go");
  const { code, stderr } = await fleet.ended;
  expect(code).toBe(0);
  expect(stderr.indexOf("completed work id=job-0")).toBeGreaterThan(stderr.indexOf("draining work"));
});

test("a failure is one line with the kind of the error, never its message", async () => {
  const running = startHeadgate(["worker", "--json"], { environment });
  await running.line("stdout", /"event":"ready","queue":"slowly"/);
  await headgate(["enqueue", "slowly", "--envelope"], {
    input: '{"id":"j1","payload":{"doc":"fail-secret"}}\n',
    environment,
  });
  const line = await running.line("stdout", /"event":"failed"/);
  expect(JSON.parse(line)).toMatchObject({ event: "failed", queue: "slowly", id: "j1", attempt: 1, error: "Error" });
  running.process.kill("SIGKILL");
  const { stdout, stderr } = await running.ended.catch(() => ({ stdout: "", stderr: "" }));
  expect(stdout + stderr).not.toContain("fail-secret");
});

test("without names every queue that has a processor runs; an unknown name is refused", async () => {
  const running = startHeadgate(["worker", "--concurrency", "2"], { environment });
  await running.line("stderr", / starting letters concurrency=2 /);
  await running.line("stderr", / ready slowly$/);
  running.process.kill("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain("small");
  expect(await headgate(["worker", "post"], { environment })).toMatchObject({ code: 2 });
  expect(await headgate(["worker", "small"], { environment })).toMatchObject({ code: 2 });
});
