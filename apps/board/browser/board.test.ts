import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createBoard } from "@headgate/board";
import { defineLimiter, defineQueue } from "headgate";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { createWorker, throttled } from "headgate/worker";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { provideChromium } from "../../../scripts/browser/chromium.mjs";

let browser: Browser;
beforeAll(async () => {
  const executablePath = await provideChromium();
  // Root in a container has no user namespaces to make a sandbox of; the pages are our own.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser?.close());

const connection = process.env["REDIS_URL"] ?? "";

/** A limiter with three queues, each in another state, and the board in front of them. */
async function openBoard() {
  const limiter = defineLimiter("openai", {
    namespace: `t${randomUUID().slice(0, 12)}`,
    limits: [
      { unit: "requests", amount: 500, per: "1m" },
      { unit: "tokens", amount: 90_000, per: "1m", burst: 5_000 },
    ],
    concurrency: 50,
  });
  const [summarize, translate, classify] = ["summarize", "translate", "classify"].map((name) =>
    defineQueue<number, number>(name, { limiter, capacity: 10 }),
  );
  if (!summarize || !translate || !classify) throw new Error("no queues");
  const board = await createBoard({ queues: [summarize, translate, classify], connection }).listen({ port: 0 });
  const producer = createProducer({ connection });
  const control = createControl({ connection });
  onTestFinished(async () => {
    await Promise.all([board.close(), producer.close(), control.close()]);
  });
  for (const queue of [summarize, translate, classify]) await control.resume(queue);
  return { board, producer, control, limiter, summarize, translate, classify };
}

/** An error in the page fails the test. Bull Board's page asks for a web font from outside, which is harmless. */
async function openPage(url: string, options: { colorScheme?: "light" | "dark"; width?: number } = {}): Promise<Page> {
  const { colorScheme = "light", width = 1_100 } = options;
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  onTestFinished(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Only where somebody wants to look at them: SCREENSHOTS names the folder. */
async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("the pressure page shows every queue with its level, and follows what changes without a reload", async () => {
  const { board, producer, control, limiter, summarize, translate, classify } = await openBoard();
  const page = await openPage(board.url);
  await page.evaluate("window.loadedOnce = true");
  const levelOf = (queue: string) => page.locator("article", { hasText: queue }).locator(".badge").first();
  for (const queue of ["summarize", "translate", "classify"]) {
    await expect.poll(() => levelOf(queue).textContent()).toBe("open");
  }
  for (let job = 0; job < 8; job++) await producer.enqueue(summarize, job, { onPressure: "wait", timeout: "20s" });
  for (let job = 0; job < 6; job++) await producer.enqueue(translate, job);
  await control.pause(classify, { reason: "spring cleaning" });
  await expect.poll(() => levelOf("summarize").textContent(), { timeout: 10_000 }).toBe("closed");
  await expect.poll(() => levelOf("translate").textContent(), { timeout: 10_000 }).toBe("slow");
  await expect
    .poll(() => page.locator("article", { hasText: "classify" }).textContent())
    .toContain("operator: spring cleaning");
  await control.pause(limiter, { for: "5m", reason: "maintenance" });
  await expect
    .poll(() => page.locator(".gate").textContent(), { timeout: 10_000 })
    .toMatch(/Gate closed for .*maintenance/);
  expect(await page.evaluate("window.loadedOnce")).toBe(true);
  await keep(page, "pressure-light");
  await keep(await openPage(board.url, { colorScheme: "dark" }), "pressure-dark");
  await keep(await openPage(board.url, { width: 390 }), "pressure-narrow");
});

test("fits a telephone: nothing has to be scrolled sideways", async () => {
  const { board, control, classify } = await openBoard();
  await control.pause(classify, { reason: "spring cleaning of everything that lies around" });
  const page = await openPage(board.url, { width: 390 });
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  // A reason stands beside or below its badges, never in a column of single letters.
  const why = await page.locator("article", { hasText: "classify" }).locator(".why").boundingBox();
  expect(why?.width).toBeGreaterThan(100);
});

test("the jobs page is Bull Board with the queues and what ended in them", async () => {
  const { board, producer, summarize } = await openBoard();
  const worker = createWorker(summarize, (job) => job * 2, { connection });
  onTestFinished(() => worker.close());
  const { id } = await producer.enqueue(summarize, 21).then((admitted) => {
    if (!admitted.accepted) throw new Error(admitted.reason);
    return admitted;
  });
  expect(await producer.result(summarize, id, { timeout: "10s" })).toBe(42);
  const page = await openPage(board.url);
  await page.getByRole("link", { name: "Jobs in Bull Board" }).click();
  await expect.poll(() => page.locator("body").textContent(), { timeout: 20_000 }).toMatch(/summarize/);
  expect(await page.locator("body").textContent()).toMatch(/translate[\s\S]*classify|classify[\s\S]*translate/);
  await keep(page, "bull-board");
});

test("a job that the API put back says in Bull Board how often, and why", async () => {
  const { board, producer, summarize } = await openBoard();
  const worker = createWorker(
    summarize,
    (_, { job }) => {
      if (job.deferrals < 2) throw throttled({ retryAfterMs: 40 });
      return job.deferrals;
    },
    { connection },
  );
  onTestFinished(() => worker.close());
  await producer.enqueue(summarize, 1, { id: "patient" });
  expect(await producer.result(summarize, "patient", { timeout: "20s" })).toBe(2);
  const page = await openPage(board.url);
  await page.goto(`${board.url}/queues/queue/summarize/~patient`);
  await page.getByRole("tab", { name: "Logs" }).click();
  await expect
    .poll(() => page.locator("body").textContent(), { timeout: 20_000 })
    .toContain("headgate: deferral 2: throttled, Retry-After 40 ms");
  await keep(page, "bull-board-deferred");
});
