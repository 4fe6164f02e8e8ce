import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker } from "headgate/worker";
import type { RedisOptions } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPrivateRedis } from "../../../../scripts/redis.mjs";

const path = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url));
const pem = (name: string): string => readFileSync(path(name), "utf8");
const port = 20_000 + Math.floor(Math.random() * 10_000);

// It asks for a client's certificate, too.
let server: Awaited<ReturnType<typeof startPrivateRedis>>;
beforeAll(async () => {
  const files = ["--tls-cert-file", path("server.pem"), "--tls-key-file", path("server.key")];
  const args = [...files, "--tls-ca-cert-file", path("ca.pem"), "--tls-auth-clients", "yes"];
  server = await startPrivateRedis({ args: ["--tls-port", String(port), ...args] });
});
afterAll(() => server.stop());

const trusted = { ca: pem("ca.pem"), cert: pem("client.pem"), key: pem("client.key") };
const connection = (tls: RedisOptions["tls"]): RedisOptions => ({ host: "127.0.0.1", port, tls }) as RedisOptions;
const queue = defineQueue<string>("letters", { limiter: defineLimiter("tls-api", { adaptive: false }) });

it("producers, workers and control speak TLS, with a CA and client certificates of one's own", async () => {
  await using producer = createProducer({ connection: connection(trusted) });
  await using control = createControl({ connection: connection(trusted) });
  await using worker = createWorker(queue, async (text) => text.toUpperCase(), { connection: connection(trusted) });
  await worker.ready();
  await producer.enqueue(queue, "one", { id: "good" });
  expect(await producer.result(queue, "good")).toBe("ONE");
  expect((await control.status(queue)).counts.completed).toBe(1);
});

it.each([
  ["no CA", {}, /SELF_SIGNED_CERT_IN_CHAIN/],
  ["another CA", { ...trusted, ca: pem("other-ca.pem") }, /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY/],
  ["no client certificate", { ca: trusted.ca }, /CERTIFICATE_REQUIRED/],
  ["another name", { ...trusted, servername: "redis.example" }, /ALTNAME_INVALID/],
] as const)("with %s a start fails at once, and says how to mend it", async (_, tls, got) => {
  await using control = createControl({ connection: connection(tls) });
  control.on("error", () => undefined);
  const from = performance.now();
  await expect(control.ready()).rejects.toMatchObject({
    code: "HG_REDIS_TLS",
    got: expect.stringMatching(got),
    fix: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  });
  expect(performance.now() - from).toBeLessThan(2_500);
});

it("a fleet's worker does not wait for what does not pass", async () => {
  const worker = createWorker(queue, async () => "", { connection: connection({}), autorun: false });
  await expect(worker.run()).rejects.toMatchObject({ code: "HG_REDIS_TLS" });
  await worker.close();
});
