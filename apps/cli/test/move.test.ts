import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { beforeEach, expect, test, vi } from "vitest";
import { fixture, headgate, ownNamespace } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const config = ["--config", fixture("moving.config.ts")];
const now = () => ({ environment: { ...environment, TEST_LIMITER: "new" } });

const queueOn = (limiter: string) =>
  defineQueue<number, number>("letters", {
    limiter: defineLimiter(limiter, { namespace: environment["TEST_NAMESPACE"] ?? "" }),
  });
const connection = process.env["REDIS_URL"] ?? "";

test("moves the jobs to the limiter of the config, where they run; a second time there is nothing to do", async () => {
  await using producer = createProducer({ connection });
  for (const job of [1, 2, 3]) await producer.enqueue(queueOn("old"), job);
  expect(await headgate(["move", "letters", ...config], now())).toMatchObject({
    code: 0,
    stdout: "moved letters from limiter old to new, with 3 jobs; its producers and workers can start\n",
  });
  const again = await headgate(["move", "letters", ...config, "--json"], now());
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toEqual({ queue: "letters", from: "new", to: "new", keys: 0, jobs: 3 });
  const ran: number[] = [];
  await using worker = createWorker(queueOn("new"), (job) => void ran.push(job), { connection });
  await worker.ready();
  await vi.waitFor(() => expect(ran).toHaveLength(3), { timeout: 15_000, interval: 20 });
});

test("a queue that nobody has started with cannot be moved", async () => {
  const { code, stderr } = await headgate(["move", "letters", ...config], now());
  expect(code).toBe(1);
  expect(stderr).toContain("HG_NOT_REGISTERED");
});
