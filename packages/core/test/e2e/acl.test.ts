import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { observeQueues } from "headgate/metrics";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type PrivateServer, startPrivateServer } from "../bullmq/private-server.ts";
import { useRedis } from "../support/redis.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
});
afterAll(() => server.close());

const space = useRedis(() => server.url);

const file = readFileSync(fileURLToPath(new URL("../../../../deploy/redis/users.acl", import.meta.url)), "utf8");
const documented = (/^user headgate .+$/m.exec(file)?.[0] ?? "").split(" ");

it("the user of deploy/redis/users.acl may do all that producer, worker, control and metrics do, and nothing beside it", async () => {
  const [, user = "", ...rules] = documented;
  expect(user).toBe("headgate");
  // The page is written for the default namespace; a test has its own.
  const own = rules.map((rule) => rule.replaceAll("headgate:", `${space.namespace}:`));
  await space.client.acl("SETUSER", user, ...own);
  await space.client.acl("LOG", "RESET");
  const connection = space.url.replace("://", "://headgate:change-me@");

  const limiter = defineLimiter("api", {
    namespace: space.namespace,
    concurrency: 5,
    limits: [{ unit: "requests", amount: 1_000, per: "1s" }],
  });
  const queue = defineQueue<{ readonly kind: string }>("q", {
    limiter,
    attempts: 2,
    backoff: { type: "fixed", delay: 1 },
    cost: (payload) => ({ requests: payload.kind === "dear" ? 2 : 1 }),
  });
  const producer = space.use(createProducer({ connection }));
  const control = space.use(createControl({ connection }));
  const metrics = space.use(observeQueues(new Registry(), { connection, queues: [queue] }));
  const errors: Error[] = [];
  const worker = space.use(
    createWorker(
      queue,
      async ({ kind }, ctx) => {
        await ctx.log("line");
        await ctx.progress(1);
        if (kind === "throttled" && ctx.job.deferrals === 0) throw throttled({ retryAfterMs: 50 });
        if (kind === "retried" && ctx.job.attempt === 1) throw new Error("once");
        if (kind === "dear") ctx.settle({ requests: 1 });
        if (kind === "root") await ctx.children();
        return kind;
      },
      { connection, stalledInterval: 200 },
    ),
  );
  const note = (error: Error): void => void errors.push(error);
  producer.on("error", note);
  control.on("error", note);
  worker.on("error", note);
  const kinds = ["plain", "throttled", "retried", "dear"];
  for (const kind of kinds) await producer.enqueue(queue, { kind }, { id: kind });
  await producer.enqueue(queue, { kind: "urgent" }, { id: "urgent", priority: 1 });
  await producer.enqueue(queue, { kind: "later" }, { id: "later", delay: 50 });
  await producer.enqueue(queue, { kind: "never" }, { id: "never", delay: "1h" });
  for (const id of [...kinds, "urgent", "later"]) expect(await producer.result(queue, id, { timeout: "10s" })).toBe(id);
  await producer.enqueue(queue, { kind: "hurried" }, { id: "hurried", deadline: "1h" });
  await producer.enqueueFlow({
    queue,
    payload: { kind: "root" },
    id: "root",
    children: [{ queue, payload: { kind: "leaf" } }],
  });
  for (const id of ["hurried", "root"]) await producer.result(queue, id, { timeout: "10s" });
  await producer.schedule(queue, "yearly", { cron: "0 0 1 1 *" }, { kind: "scheduled" });
  expect(await producer.unschedule(queue, "yearly")).toBe(true);
  const shedding = defineQueue<null>("sheds", { limiter, shed: { slow: 50 }, capacity: 10 });
  await producer.enqueue(shedding, null, { priority: 1 });
  await control.explain(queue, "never");
  expect(await producer.cancel(queue, "never")).toBe(true);
  await control.pause(queue, { reason: "acl" });
  await control.resume(queue);
  await control.pause(limiter, { for: "1s" });
  await control.resume(limiter);
  await control.setLimits(limiter, { concurrency: 6 });
  await control.status(limiter);
  await metrics.refresh();
  await vi.waitFor(async () => expect((await control.status(queue)).counts).toMatchObject({ completed: 9, active: 0 }));
  await worker.close();
  expect(errors.map(({ message }) => message)).toEqual([]);
  expect(await space.client.acl("LOG")).toEqual([]);

  const other = new Redis(connection);
  for (const refused of [other.get("elsewhere"), other.flushall(), other.keys("*"), other.config("GET", "*")]) {
    await expect(refused).rejects.toThrow("NOPERM");
  }
  other.disconnect();
});
