import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as schemas from "@headgate/cli/json";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { z } from "zod";
import { fixture, headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";
import { commandsOf, program } from "./support/reference.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

/** Runs it with --json, and answers its lines, each as the schema has it; strict: a field that nobody knows of fails. */
async function answers<T>(
  schema: z.ZodType<T>,
  args: readonly string[],
  code: number,
  input = "",
): Promise<readonly T[]> {
  const ended = await headgate([...args, "--json"], { input, environment });
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.any(String) });
  return ended.stdout
    .trimEnd()
    .split("\n")
    .map((line) => schema.parse(JSON.parse(line)));
}

const one = async <T>(schema: z.ZodType<T>, args: readonly string[], code = 0, input = ""): Promise<T> => {
  const all = await answers(schema, args, code, input);
  expect(all).toHaveLength(1);
  return all[0] as T;
};

describe("what each command prints with --json is as @headgate/cli/json has it", () => {
  test("enqueue, status, explain, pause, resume, limits", async () => {
    const input = '{"doc":"a"}\n{oops\n';
    const enqueued = await one(schemas.enqueueJson, ["enqueue", "letters", "--id-field", "doc"], 1, input);
    expect(enqueued).toMatchObject({ accepted: 1, invalid: 1, invalidLines: [{ line: 2 }], resumeFromLine: null });
    expect((await one(schemas.statusJson, ["status"])).queues).toHaveLength(3);
    expect(await one(schemas.explanationJson, ["explain", "letters", "a"])).toMatchObject({ state: "wait" });
    expect(await one(schemas.pauseJson, ["pause", "api", "--for", "5m"])).toMatchObject({ for: "5m", reason: null });
    expect(await one(schemas.resumeJson, ["resume", "api"])).toEqual({
      action: "resume",
      kind: "limiter",
      name: "api",
    });
    expect(await one(schemas.limitsJson, ["limits", "api", "--concurrency", "3"])).toMatchObject({ concurrency: 3 });
  });

  test("worker, failed and its parts, explain of a job that failed", async () => {
    const config = ["--config", fixture("failing.config.ts")];
    const input = '{"id":"a","priority":7,"payload":{"doc":"b"}}\n';
    await headgate(["enqueue", "letters", "--envelope", ...config], { input, environment });
    const worker = startHeadgate(["worker", "letters", "--port", "0", "--json", ...config], { environment });
    await worker.line("stdout", /"event":"failed"/);
    worker.process.kill("SIGTERM");
    const { stdout, code } = await worker.ended;
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => schemas.workerJson.parse(JSON.parse(line)));
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["listening", "ready", "failed", "closed"]),
    );
    expect(await one(schemas.failedListJson, ["failed", "letters", ...config])).toMatchObject({ total: 1 });
    expect(await one(schemas.failedExportJson, ["failed", "letters", "export", ...config])).toMatchObject({ id: "a" });
    const envelope = await one(schemas.envelopeJson, ["failed", "letters", "export", "--envelope", ...config]);
    expect(envelope).toEqual({ id: "a", priority: 7, payload: { doc: "b" } });
    expect(await one(schemas.explanationJson, ["explain", "letters", "a", ...config])).toMatchObject({
      state: "failed",
      worker: expect.stringMatching(/\/\d+$/),
    });
    expect(await one(schemas.failedRetryJson, ["failed", "letters", "retry", "a", "b", ...config], 1)).toEqual({
      queue: "letters",
      retried: ["a"],
      missing: ["b"],
    });
  });

  test("doctor, init, move, simulate", async () => {
    expect((await one(schemas.doctorJson, ["doctor"])).findings.length).toBeGreaterThan(7);
    const folder = await mkdtemp(join(tmpdir(), "headgate-json-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    expect((await one(schemas.initJson, ["init", folder])).folder).toBe(folder);
    await headgate(["enqueue", "letters"], { input: '{"doc":"a"}\n', environment });
    expect(await one(schemas.moveJson, ["move", "letters"])).toMatchObject({ from: "api", to: "api", keys: 0 });
    expect((await one(schemas.simulateJson, ["simulate", "--seconds", "2"])).complete).toBe(true);
  });

  test.each([
    ["board", schemas.boardJson, []],
    ["gateway", schemas.gatewayJson, ["--no-auth"]],
  ] as const)("%s", async (name, schema, flags) => {
    const running = startHeadgate([name, "--port", "0", ...flags, "--json"], { environment });
    expect(schema.parse(JSON.parse(await running.line("stdout", /^\{/)))).toMatchObject({ url: expect.any(String) });
    running.process.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
  });

  test("any that is called wrongly", async () => {
    const { error } = await one(schemas.errorJson, ["doctor", "--nonsense"], 2);
    expect(error).toMatchObject({ code: "HG_USAGE", message: expect.stringContaining("--nonsense") });
  });
});

const page = readFileSync(fileURLToPath(new URL("../../../docs/command-line.md", import.meta.url)), "utf8");

test("docs/command-line.md names the schema of every command that answers with JSON", () => {
  for (const name of Object.keys(schemas)) expect(page).toContain(`\`${name}\``);
});

/** Starting the binary for each of them takes half a minute; one of them is started in reference.test.ts. */
test.each(commandsOf(program()).map((command) => command.name()))(
  "%s --help has examples, which the command line takes",
  async (name) => {
    const said: string[] = [];
    const shown = program();
    for (const command of [shown, ...shown.commands]) {
      command.exitOverride().configureOutput({ writeOut: (text) => void said.push(text) });
    }
    await expect(shown.parseAsync([name, "--help"], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    const help = said.join("");
    expect(help).toContain("Exit codes:");
    const lines = (/^Examples:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? "").trimEnd().split("\n");
    expect(lines[0]).toMatch(new RegExp(`headgate ${name}`));
    for (const line of lines) {
      // As a shell would split it, up to where it pipes or writes.
      const words = (/headgate (.*?)(?: [|>].*)?$/.exec(line)?.[1] ?? "").match(/"[^"]*"|\S+/g) ?? [];
      const parsed = program();
      for (const command of [parsed, ...parsed.commands]) command.exitOverride().action(() => undefined);
      await parsed.parseAsync(
        words.map((word) => word.replaceAll('"', "")),
        { from: "user" },
      );
    }
  },
);
