import { beforeEach, expect, test } from "vitest";
import { headgate, ownNamespace } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const enqueue = (docs: readonly string[]) =>
  headgate(["enqueue", "letters", "--id-field", "doc", "--in-flight", "1"], {
    input: docs.map((doc) => `${JSON.stringify({ doc })}\n`).join(""),
    environment,
  });

test("--json is control.explain's answer, as documented", async () => {
  await enqueue(["a", "b", "c"]);
  const { code, stdout } = await headgate(["explain", "letters", "c", "--json"], { environment });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    id: "c",
    queue: "letters",
    limiter: "api",
    state: "wait",
    causes: [
      { cause: "workers", detail: "no worker of the queue is connected", forMs: null },
      {
        cause: "rate",
        detail: expect.stringMatching(/^9\d\d(\.\d)? permits per second, 2 jobs first$/),
        forMs: expect.any(Number),
      },
      { cause: "jobs-ahead", detail: "2 of its queue", forMs: null },
    ],
    until: null,
    startsInMs: null,
    ahead: 2,
    enqueuedAt: expect.any(Number),
    startedAt: null,
    finishedAt: null,
    attemptsMade: 0,
    attempts: 3,
    deferrals: 0,
    failedReason: null,
    parent: null,
    workers: 0,
    worker: null,
    lockMs: null,
    stalls: 0,
    deadline: null,
  });
});

test("people read what it waits for, and how many are ahead", async () => {
  await enqueue(["a", "b"]);
  await headgate(["pause", "letters", "--reason", "spring cleaning"], { environment });
  const { code, stdout } = await headgate(["explain", "letters", "b"], { environment });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^b of letters waits in line, for /);
  expect(stdout).toMatch(/^ {2}pause +the queue is paused: spring cleaning$/m);
  expect(stdout).toMatch(/^ {2}workers +no worker of the queue is connected$/m);
  expect(stdout).toMatch(/^next: headgate resume queue:letters$/m);
  expect(stdout).toMatch(/^next: headgate worker letters$/m);
  expect(stdout).toContain("Nobody can say when it starts. 1 ahead of it; limiter api");
  expect(stdout).not.toContain("\u001b[");
});

test("a job that is not there ends with 1, a queue that is not there with 2", async () => {
  const [job, queue] = await Promise.all([
    headgate(["explain", "letters", "nobody"], { environment }),
    headgate(["explain", "post", "a"], { environment }),
  ]);
  expect(job).toMatchObject({ code: 1, stdout: "" });
  expect(job.stderr).toBe(
    'HG_JOB_NOT_FOUND: queue "letters": There is no such job\n  got:      nobody\n  fix:      Check the queue and the id. A refused or shed enqueue stores nothing, and finished jobs are forgotten after the queue\'s retention.\n',
  );
  expect(queue.code).toBe(2);
  expect(queue.stderr).toContain("HG_TARGET_UNKNOWN");
});
