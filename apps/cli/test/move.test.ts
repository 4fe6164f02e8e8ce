import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import { Redis } from "ioredis";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { fixture, headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

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

test("while producers go on, killed with -9 midway and run again: nothing is lost, and nothing comes twice", async () => {
  const namespace = environment["TEST_NAMESPACE"] ?? "";
  const redis = new Redis(connection);
  onTestFinished(() => redis.disconnect());
  const accepted = new Set<number>();
  const producer = createProducer({ connection });
  onTestFinished(() => producer.close());
  const put = async (job: number): Promise<boolean> => {
    const result = await producer.enqueue(queueOn("old"), job, { id: `job-${job}`, onPressure: "refuse" });
    if (result.accepted) accepted.add(job);
    return result.accepted;
  };
  for (let job = 0; job < 1_500; job++) await put(job);
  let refused = 0;
  const producing = (async (): Promise<unknown> => {
    for (let job = 1_500; ; job++) {
      try {
        if (!(await put(job))) refused += 1;
      } catch (error) {
        return error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();

  const first = startHeadgate(["move", "letters", ...config], now());
  const moved = async () => (await redis.keys(`{${namespace}:new}:letters:~job-*`)).length;
  await expect.poll(moved, { timeout: 15_000, interval: 5 }).toBeGreaterThan(0);
  first.process.kill("SIGKILL");
  await first.ended;
  const before = await moved();
  expect((await headgate(["move", "letters", ...config], now())).code).toBe(0);
  expect(await producing).toMatchObject({ code: "HG_QUEUE_MOVED" });
  expect(refused).toBeGreaterThan(0);
  expect(await redis.keys(`{${namespace}:old}:letters:*`)).toEqual([]);

  const base = `{${namespace}:new}:letters:`;
  const waiting = await redis.lrange(`${base}wait`, 0, -1);
  const ids = [...accepted].map((job) => `~job-${job}`);
  expect(waiting.toSorted()).toEqual(ids.toSorted());
  expect(await redis.exists(...ids.map((id) => base + id))).toBe(accepted.size);
  console.log(
    `${accepted.size} jobs, ${refused} refused meanwhile, killed when ${before} were moved: all stand there once`,
  );
});

test("a queue that nobody has started with cannot be moved", async () => {
  const { code, stderr } = await headgate(["move", "letters", ...config], now());
  expect(code).toBe(1);
  expect(stderr).toContain("HG_NOT_REGISTERED");
});
