import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { fixture, headgate, ownNamespace } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const config = ["--config", fixture("failing.config.ts")];
const failed = (...args: string[]) => headgate(["failed", "letters", ...args, ...config], { environment });

/** The same queue as the config's. In this process: a start of the command takes seconds on a busy machine. */
const queue = () =>
  defineQueue("letters", {
    limiter: defineLimiter("api", { namespace: environment["TEST_NAMESPACE"] ?? "" }),
    payload: z.object({ doc: z.string() }),
    attempts: 1,
  });
const connection = process.env["REDIS_URL"] ?? "";

/** Works until this many jobs have ended so. */
async function work(event: "failed" | "completed", times: number): Promise<void> {
  await using worker = createWorker(
    queue(),
    ({ doc }) => {
      if (event === "failed") throw new Error(`no stamp on ${doc}`);
    },
    { connection },
  );
  let seen = 0;
  worker.on(event, () => {
    seen += 1;
  });
  await vi.waitFor(() => expect(seen).toBe(times), { timeout: 15_000, interval: 20 });
}

async function fail(docs: readonly string[]): Promise<void> {
  await using producer = createProducer({ connection });
  for (const doc of docs) await producer.enqueue(queue(), { doc }, { id: doc });
  await work("failed", docs.length);
}

test("is empty at first", async () => {
  expect(await failed()).toMatchObject({ code: 0, stdout: "letters: 0 failed\n" });
  expect(JSON.parse((await failed("list", "--json")).stdout)).toEqual({ queue: "letters", total: 0, jobs: [] });
});

test("is listed with reasons and without payloads, and exported with them", async () => {
  await fail(["a", "b", "c"]);
  const [listed, one, exported, whole] = await Promise.all([
    failed("list", "--limit", "2"),
    failed("--json", "--reason", "on b"),
    failed("export", "--envelope"),
    failed("export", "--limit", "1"),
  ]);
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(/^JOB +FAILED +ATTEMPTS +DEFERRALS +REASON$/m);
  expect(listed.stdout).toMatch(/^[abc] +.* ago +1 +0 +no stamp on [abc]$/m);
  expect(listed.stdout).toContain("letters: 3 failed, 2 shown");
  expect(JSON.parse(one.stdout)).toEqual({
    queue: "letters",
    total: 3,
    jobs: [
      {
        id: "b",
        failedAt: expect.any(Number),
        enqueuedAt: expect.any(Number),
        reason: "no stamp on b",
        attemptsMade: 1,
        deferrals: 0,
        priority: null,
      },
    ],
  });
  expect(exported.code).toBe(0);
  const lines = exported.stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    expect.arrayContaining(["a", "b", "c"].map((doc) => ({ id: doc, payload: { doc } }))),
  );
  expect(JSON.parse(whole.stdout)).toMatchObject({ id: expect.any(String), reason: expect.any(String), payload: {} });
});

test("is retried: one job, all of them, and not who is not in it", async () => {
  await fail(["a", "b", "c"]);
  expect(await failed("retry", "a")).toMatchObject({ code: 0, stdout: "letters: 1 of 1 back in line\n" });
  const again = await failed("retry", "a", "--json");
  expect(again.code).toBe(1);
  expect(JSON.parse(again.stdout)).toEqual({ queue: "letters", retried: [], missing: ["a"] });
  expect(JSON.parse((await failed("retry", "--all", "--json")).stdout)).toMatchObject({
    retried: expect.arrayContaining(["b", "c"]),
  });
  await work("completed", 3);
  expect((await failed()).stdout).toBe("letters: 0 failed\n");
});

test("an export goes into another place as it is, and is known again where it came from", async () => {
  await fail(["a", "b"]);
  const { stdout: input } = await failed("export", "--envelope");
  const args = ["enqueue", "letters", "--envelope", ...config];
  const [back, elsewhere] = await Promise.all([
    headgate(args, { input, environment }),
    headgate([...args, "--json"], { input, environment: { TEST_NAMESPACE: ownNamespace() } }),
  ]);
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({ accepted: 2, duplicates: 0, withoutId: 0 });
  expect(back.stdout).toContain("letters: 0 accepted, 2 duplicates");
  expect(back.stdout).toContain("headgate failed letters retry");
});

test("a retry by reason leaves the others, and a job that is named is not chosen by a flag too", async () => {
  await fail(["a", "b", "c"]);
  expect(await failed("retry", "--reason", "on b", "--json")).toMatchObject({
    code: 0,
    stdout: `${JSON.stringify({ queue: "letters", retried: ["b"], missing: [] })}\n`,
  });
  const both = await failed("retry", "a", "--all");
  expect(both.code).toBe(2);
  expect(both.stderr).toContain("Jobs are named, and chosen by a flag too");
  expect((await failed()).stdout).toContain("letters: 2 failed");
});

test("a retry of nothing in particular is refused, and so is an unknown action", async () => {
  const nothing = await failed("retry");
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain("ids of jobs, --reason <text>, --limit <n> or --all");
  const unknown = await failed("burn");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("Allowed choices are list, retry, export");
});
