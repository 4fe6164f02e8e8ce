import { beforeEach, expect, test } from "vitest";
import { fixture, headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const config = ["--config", fixture("moving.config.ts")];
const now = () => ({ environment: { ...environment, TEST_LIMITER: "new" } });

test("a worker that finds the queue on another limiter says so; after the move it runs the jobs", async () => {
  await headgate(["enqueue", "letters", ...config], { input: "1\n2\n3\n", environment });
  const refused = await headgate(["worker", ...config], now());
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("HG_QUEUE_MOVED");
  expect(refused.stderr).toContain("headgate move");

  expect(await headgate(["move", "letters", ...config], now())).toMatchObject({
    code: 0,
    stdout: "moved letters from limiter old to new, with 3 jobs; its producers and workers can start\n",
  });
  const again = await headgate(["move", "letters", ...config, "--json"], now());
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toEqual({ queue: "letters", from: "new", to: "new", keys: 0, jobs: 3 });

  const worker = startHeadgate(["worker", ...config, "--json"], now());
  await worker.line("stdout", /"event":"completed"/, 3);
  worker.process.kill("SIGTERM");
  expect((await worker.ended).code).toBe(0);
});

test("a queue that nobody has started with cannot be moved", async () => {
  const { code, stderr } = await headgate(["move", "letters", ...config], now());
  expect(code).toBe(1);
  expect(stderr).toContain("HG_NOT_REGISTERED");
});
