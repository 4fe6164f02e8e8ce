import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const soon = { timeout: 10_000, interval: 20 };

const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"doc":"d${index}"}\n`).join("");

test("every line of standard input is one admission", async () => {
  const { code, stdout } = await headgate(["enqueue", "letters", "-", "--json"], { input: letters(200), environment });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    queue: "letters",
    lines: 200,
    accepted: 200,
    duplicates: 0,
    refused: 0,
    invalid: 0,
    unknown: 0,
    interrupted: false,
    error: null,
  });
  const status = JSON.parse((await headgate(["status", "--json"], { environment })).stdout) as {
    queues: { queue: string; depth: number }[];
  };
  expect(status.queues.find(({ queue }) => queue === "letters")).toMatchObject({ depth: 200 });
});

test("bad lines are reported by number and counted; the others go in; the exit code is 1", async () => {
  const input = '{"doc":"a"}\n{oops\n\n{"doc":7}\n{"doc":"b"}\n';
  const { code, stdout, stderr } = await headgate(["enqueue", "letters"], { input, environment });
  expect(code).toBe(1);
  expect(stdout).toContain("letters: 2 accepted, 0 duplicates, 0 refused, 2 invalid");
  expect(stdout).toContain("invalid lines: 2, 4");
  expect(stderr).toMatch(/^line 2: not JSON/m);
  expect(stderr).toMatch(/^line 4: HG_PAYLOAD_INVALID/m);
});

test("with ids from the lines a second run adds nothing", async () => {
  const args = ["enqueue", "letters", "--id-field", "doc", "--json"];
  const first = await headgate(args, { input: letters(30), environment });
  const second = await headgate(args, { input: letters(40), environment });
  expect(JSON.parse(first.stdout)).toMatchObject({ accepted: 30, duplicates: 0 });
  expect(second.code).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ accepted: 10, duplicates: 30 });
});

test("killed with -9 midway and run again, every line of the file is in once", async () => {
  const lines = 4_000;
  const folder = await mkdtemp(join(tmpdir(), "headgate-enqueue-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "letters.ndjson");
  await writeFile(file, letters(lines));
  const redis = new Redis(process.env["REDIS_URL"] ?? "");
  onTestFinished(() => redis.disconnect());
  const waiting = () => redis.llen(`{${environment["TEST_NAMESPACE"]}:api}:letters:wait`);

  const args = ["enqueue", "letters", file, "--id-field", "doc", "--json"];
  const first = startHeadgate([...args, "--in-flight", "4"], { environment });
  await expect.poll(waiting, { timeout: 10_000, interval: 2 }).toBeGreaterThan(500);
  first.process.kill("SIGKILL");
  await first.ended;
  const before = await waiting();
  expect(before).toBeLessThan(lines);

  const second = await headgate(args, { environment });
  expect(second.code).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ lines, accepted: lines - before, duplicates: before });
  expect(await waiting()).toBe(lines);
  console.log(`killed after ${before} of ${lines} lines; the second run added ${lines - before}`);
});

test("goes on from the line that it is told to, with the numbers of the file", async () => {
  const input = `${letters(5)}{oops\n`;
  const args = ["enqueue", "letters", "--id-field", "doc", "--from-line", "4"];
  const { code, stdout, stderr } = await headgate(args, { input, environment });
  expect(code).toBe(1);
  expect(stdout).toContain("letters: 2 accepted, 0 duplicates, 0 refused, 1 invalid");
  expect(stderr).toMatch(/^line 6: not JSON/m);
});

test("lines wait for a Redis that goes away, which is said; a stop says where it stopped", async () => {
  const server = await startPrivateRedis();
  onTestFinished(() => server.stop());
  const args = ["enqueue", "small", "--id-field", "doc", "--redis", server.url];
  const running = startHeadgate(args, { environment });
  running.process.stdin?.write(letters(10));
  const redis = new Redis(server.url);
  await expect.poll(() => redis.llen(`{${environment["TEST_NAMESPACE"]}:small}:small:wait`), soon).toBe(3);
  redis.disconnect();
  await server.stop();
  await running.line("stderr", /^Redis does not answer; lines wait until it does, ctrl-c stops\.$/);
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(1);
  expect(stdout).toContain("stopped: every line up to 3 is dealt with; 7 lines after it were cut off");
  expect(stdout).toContain("--from-line 4; what is in already counts as a duplicate");
});

test("of a file of bad lines a hundred are named, and all are counted", async () => {
  const { code, stdout, stderr } = await headgate(["enqueue", "letters"], { input: "{\n".repeat(150), environment });
  expect(code).toBe(1);
  expect(stdout).toContain("150 invalid");
  expect(stderr.match(/^line \d+: /gm)).toHaveLength(100);
  expect(stderr).toContain("more lines that are invalid are only counted");
});

test("an envelope names id and priority", async () => {
  const input = '{"id":"one","priority":5,"payload":{"doc":"a"}}\n{"id":"one","payload":{"doc":"a"}}\n';
  const { stdout } = await headgate(["enqueue", "letters", "--envelope", "--in-flight", "1", "--json"], {
    input,
    environment,
  });
  expect(JSON.parse(stdout)).toMatchObject({ accepted: 1, duplicates: 1 });
});

test("under pressure lines are refused when asked to, with the reason", async () => {
  const { code, stdout } = await headgate(["enqueue", "small", "--on-pressure", "refuse", "--json"], {
    input: letters(10),
    environment,
  });
  expect(code).toBe(1);
  const summary = JSON.parse(stdout) as { accepted: number; refused: number; refusedBy: Record<string, number> };
  expect(summary.accepted).toBeLessThanOrEqual(3);
  expect(summary.accepted + summary.refused).toBe(10);
  expect(Object.keys(summary.refusedBy)).not.toEqual([]);
});

test("by default a line waits, and a stop ends the wait with the summary", async () => {
  const running = startHeadgate(["enqueue", "small", "--json"], { environment });
  running.process.stdin?.write(letters(10));
  await depthOf("small", 3);
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    accepted: 3,
    unknown: 7,
    interrupted: true,
    resumeFromLine: 4,
    withoutId: 10,
  });
});

test("a queue that the config does not name is unknown", async () => {
  const { code, stderr } = await headgate(["enqueue", "post"], { input: "", environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_TARGET_UNKNOWN");
});

/** Follows the queue as `status --watch` shows it, until it stands at this depth. */
async function depthOf(queue: string, depth: number): Promise<void> {
  const watching = startHeadgate(["status", "--watch", "--interval-ms", "100"], { environment });
  await watching.line("stdout", new RegExp(`queue=${queue} .*depth=${depth}/`));
  watching.process.kill("SIGINT");
  await watching.ended;
}
