import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { isAlive } from "../../../scripts/test/alive.ts";
import { Child } from "../../src/process/child.ts";

const orders = { spec: { rules: [], latencyMs: { least: 0, most: 0 }, hints: [] }, runMs: 1_000 };

it("answers what it is asked, and ends when it is told", async () => {
  const child = new Child("an API", "goodput/api-process", orders);
  onTestFinished(() => child.end());
  expect(await child.ask("listen")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  await expect(child.ask("report")).rejects.toThrow(/an API: Error: nobody has called/);
  const { pid } = child;
  await child.end();
  expect(isAlive(pid ?? 0)).toBe(false);
  await expect(child.ask("listen")).rejects.toThrow(/an API has ended/);
  await child.end();
});

it("says so when it dies, with its last words", async () => {
  const child = new Child("an API", "goodput/api-process", orders);
  onTestFinished(() => child.end());
  await child.ask("listen");
  const unanswered = child.ask("reach", 0);
  process.kill(child.pid ?? 0, "SIGKILL");
  await expect(unanswered).rejects.toThrow(/an API ended \(SIGKILL\)/);
});

it.each(["SIGKILL", "SIGINT"] as const)("does not outlive a parent that ends by %s", async (signal) => {
  const built = fileURLToPath(new URL("../../dist/process/child.js", import.meta.url));
  const script = `
    const { Child } = await import(${JSON.stringify(built)});
    const child = new Child("an API", "goodput/api-process", ${JSON.stringify(orders)});
    await child.ask("listen");
    console.log(child.pid);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [text] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(text.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill(signal);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000, interval: 20 });
});
