import "reflect-metadata";
import { readFileSync } from "node:fs";
import { NestFactory } from "@nestjs/core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startPrivateRedis } from "../../../../scripts/redis.mjs";

let server: Awaited<ReturnType<typeof startPrivateRedis>>;
beforeAll(async () => {
  server = await startPrivateRedis();
  // The example reads it when it is imported.
  vi.stubEnv("REDIS_URL", server.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

describe("Headgate in NestJS", () => {
  it("runs jobs with Nest's providers, and ends with the application", async () => {
    const { GreetingsModule, Greetings } = await import("./nestjs/app.ts");
    const app = await NestFactory.createApplicationContext(GreetingsModule, { logger: false });
    const greetings = app.get(Greetings);
    const ids = await Promise.all(["Ada", "Grace", "Edsger"].map((name) => greetings.add(name)));
    expect(await Promise.all(ids.map((id) => greetings.result(id)))).toEqual([
      "Hello, Ada!",
      "Hello, Grace!",
      "Hello, Edsger!",
    ]);
    await app.close();
    await expect(greetings.add("late")).rejects.toMatchObject({ code: "HG_CLOSED" });
  });

  it("is shown in docs/nestjs.md as it is tested", () => {
    expect(read("../../../../docs/nestjs.md")).toContain(read("./nestjs/app.ts").trim());
  });
});
