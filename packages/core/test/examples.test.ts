import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorker } from "headgate/worker";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";

// Their queues have no namespace of a test's: they get a Redis of their own.
let server: Awaited<ReturnType<typeof startPrivateRedis>>;
let queues: typeof import("./examples/queues.ts");
beforeAll(async () => {
  server = await startPrivateRedis();
  vi.stubEnv("REDIS_URL", server.url);
  queues = await import("./examples/queues.ts");
});
beforeEach(async () => {
  const { Redis } = await import("ioredis");
  const client = new Redis(server.url);
  await client.flushall();
  await client.quit();
});
afterAll(async () => {
  await queues.producer.close();
  vi.unstubAllEnvs();
  await server.stop();
});

const page = readFileSync(new URL("../../../docs/producing.md", import.meta.url), "utf8");
const folder = new URL("./examples/", import.meta.url);
const depth = async (): Promise<number> => (await queues.producer.status(queues.mail)).depth;

it.each(readdirSync(folder))("docs/producing.md shows examples/%s as it is", (name) => {
  expect(page).toContain(`\`\`\`ts\n${readFileSync(new URL(name, folder), "utf8")}\`\`\``);
});

/** Runs the mails that there are, and answers to whom they went. */
async function mailed(count: number): Promise<string[]> {
  const sent: string[] = [];
  const worker = createWorker(queues.mail, ({ to }) => void sent.push(to), { connection: server.url, concurrency: 1 });
  await vi.waitFor(() => expect(sent).toHaveLength(count), { timeout: 5_000 });
  await worker.close();
  return sent;
}

it("loop", async () => {
  const { sendTo, sendToMany } = await import("./examples/loop.ts");
  await sendTo(["ada", "bob"]);
  async function* people(): AsyncGenerator<string> {
    for (let n = 0; n < 100; n++) yield `person ${n}`;
  }
  expect(await sendToMany(people())).toBe(100);
  expect((await mailed(102)).slice(0, 3)).toEqual(["ada", "bob", "person 0"]);
});

it("pressure", async () => {
  const { tryToSend, sendSoon } = await import("./examples/pressure.ts");
  expect(await tryToSend("ada")).toMatch(/^stored as /);
  expect(await sendSoon("bob", new AbortController().signal)).toBe(true);
  const { createControl } = await import("headgate/control");
  const control = createControl({ connection: server.url });
  await control.pause(queues.mail, { reason: "look" });
  expect(await tryToSend("cy")).toMatch(/^paused: come back in \d+ ms$/);
  const waits = sendSoon("dan", AbortSignal.timeout(50));
  await expect(waits).rejects.toMatchObject({ name: "TimeoutError" });
  await control.close();
  expect(await depth()).toBe(2);
});

it("shed", async () => {
  const { alarm, notice } = await import("./examples/shed.ts");
  expect(await notice("all is well")).toMatchObject({ accepted: true, level: "open" });
  expect(await alarm("fire")).toMatchObject({ accepted: true, level: "open" });
});

it("deadline", async () => {
  const { sendCode } = await import("./examples/deadline.ts");
  expect(await sendCode("ada")).toBe("on its way");
  expect(await mailed(1)).toEqual(["ada"]);
});

it("file", async () => {
  const { sendFile } = await import("./examples/file.ts");
  const here = await mkdtemp(join(tmpdir(), "headgate-example-"));
  await writeFile(join(here, "people.txt"), "ada\nbob\ncy\n");
  await sendFile(join(here, "people.txt"));
  await rm(here, { recursive: true });
  expect(await mailed(3)).toEqual(["ada", "bob", "cy"]);
});

it("web-stream", async () => {
  const { sendFrom } = await import("./examples/web-stream.ts");
  const http = createServer((_request, response) => response.end("ada\nbob\ncy\n")).listen(0);
  const { port } = http.address() as AddressInfo;
  await sendFrom(`http://localhost:${port}/`, new AbortController().signal);
  http.closeAllConnections();
  http.close();
  expect(await mailed(3)).toEqual(["ada", "bob", "cy"]);
});

it("ids", async () => {
  const { confirm, sendOnce } = await import("./examples/ids.ts");
  const order = { id: "4711", buyer: "ada" };
  expect(await confirm(order)).toBe("sent");
  expect(await confirm(order)).toBe("was sent before");
  expect(await sendOnce([{ to: "ada" }, { to: "bob" }])).toBe(2);
  expect(await sendOnce([{ to: "ada" }, { to: "bob" }, { to: "cy" }])).toBe(1);
  expect(await depth()).toBe(4);
});

it("priorities", async () => {
  const { sendUrgentFirst } = await import("./examples/priorities.ts");
  await sendUrgentFirst();
  expect(await mailed(2)).toEqual(["the one who forgot a password", "everybody"]);
});

it("flow", async () => {
  const { reporter, reports, sendDay } = await import("./examples/flow.ts");
  expect(await sendDay("monday", ["ada", "bob"])).toMatchObject({ accepted: true, id: "day-monday", depth: 1 });
  expect(await depth()).toBe(2);
  const worker = reporter(server.url);
  await mailed(2);
  expect(await queues.producer.result(reports, "day-monday", { timeout: "5s" })).toBe("monday: 2 mails, 0 failed");
  await worker.close();
});

it("schedule", async () => {
  const { startSchedules, stopHeartbeat } = await import("./examples/schedule.ts");
  await startSchedules();
  await startSchedules();
  expect(await depth()).toBe(2);
  expect(await mailed(1)).toEqual(["the operator"]);
  expect(await stopHeartbeat()).toBe(true);
  expect(await depth()).toBe(1);
});
