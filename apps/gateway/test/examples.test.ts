import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, expect, it, vi } from "vitest";
import { mail, producer } from "./examples/queues.ts";

const page = readFileSync(new URL("../../../docs/producing.md", import.meta.url), "utf8");
const source = (name: string): string => readFileSync(new URL(`./examples/${name}.ts`, import.meta.url), "utf8");

const examples: Readonly<Record<string, () => Promise<{ readonly server: unknown }>>> = {
  fastify: () => import("./examples/fastify.ts"),
  express: () => import("./examples/express.ts"),
  hono: () => import("./examples/hono.ts"),
};

afterAll(async () => {
  await producer.close();
  const client = new Redis(process.env["REDIS_URL"] ?? "");
  const keys = await client.keys(`${mail.bullmq.prefix}:*`);
  if (keys.length > 0) await client.unlink(...keys);
  await client.quit();
});

it.each(["queues", ...Object.keys(examples)])("docs/producing.md shows examples/%s.ts as it is", (name) => {
  expect(page).toContain(`\`\`\`ts\n${source(name)}\`\`\``);
});

it.each(Object.entries(examples))("the example of %s takes a job", async (_name, load) => {
  vi.stubEnv("PORT", "0");
  const server = (await load()).server as Server;
  if (!server.listening) await once(server, "listening");
  try {
    const response = await fetch(`http://localhost:${(server.address() as AddressInfo).port}/mails`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ to: "ada" }),
    });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ accepted: true });
  } finally {
    server.close();
    vi.unstubAllEnvs();
  }
});
