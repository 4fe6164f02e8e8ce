import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { exitCodeHelp } from "../src/exit-code.ts";
import { fixture, headgate } from "./support/headgate.ts";

/** Nobody listens here: port 1 is reserved and unprivileged processes cannot bind it. */
const nowhere = "redis://me:hunter2@127.0.0.1:1";

describe("help", () => {
  test("names every command and the exit codes", async () => {
    const { code, stdout } = await headgate(["--help"]);
    expect(code).toBe(0);
    for (const command of ["worker", "enqueue", "status", "pause", "resume", "simulate", "board"])
      expect(stdout).toContain(command);
    expect(stdout).toContain(exitCodeHelp);
  });

  test("stands in docs/command-line.md with the same exit codes", () => {
    const docs = readFileSync(new URL("../../../docs/command-line.md", import.meta.url), "utf8");
    const documented = [...docs.matchAll(/^\| (\d) \| ([^|]+) \|$/gm)].map(([, code, text]) => `${code}  ${text}`);
    const helped = exitCodeHelp
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
    expect(documented).toEqual(helped);
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await headgate(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

describe("a wrong command line ends with 2 and says what is wrong", () => {
  test.each([
    [[], "No command was given"],
    [["nonsense"], "unknown command 'nonsense'"],
    [["status", "--nonsense"], "unknown option '--nonsense'"],
    [["enqueue"], "missing required argument 'queue'"],
    [["worker", "--concurrency", "many"], "Expected a whole number from 1 to 10000"],
    [["enqueue", "letters", "--on-pressure", "shout"], "Expected one of: wait, refuse"],
  ])("%o", async (args, message) => {
    const { code, stdout, stderr } = await headgate(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("HG_USAGE");
    expect(stderr).toContain(message);
  });

  test("with --json as one object on stdout", async () => {
    const { code, stdout } = await headgate(["status", "--nonsense", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "HG_USAGE" } });
  });
});

describe("a config", () => {
  test("that is not there is said, with where it was looked for", async () => {
    const { code, stderr } = await headgate(["status"], { cwd: tmpdir() });
    expect(code).toBe(2);
    expect(stderr).toContain("HG_CONFIG_NOT_FOUND");
    expect(stderr).toContain(tmpdir());
  });

  test("with mistakes has each one pointed at, without the password", async () => {
    const { code, stderr } = await headgate(["status", "--config", fixture("broken/mistakes.config.ts")]);
    expect(code).toBe(2);
    expect(stderr).toContain("HG_CONFIG_INVALID");
    expect(stderr).toContain(
      'connection: expected a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL, ioredis options, or an ioredis client, got "http://***@127.0.0.1:6379"',
    );
    expect(stderr).toContain("colour: expected no such option");
    expect(stderr).toContain('queues.letters.concurrency: expected a whole number from 1 to 10000, got "many"');
    expect(stderr).toContain(
      "queues.letters.processor: expected a function (payload, ctx), or the path of a module that exports one by default, got 7",
    );
    expect(stderr).toContain("queues.empty.queue: expected what defineQueue returns, got nothing");
    expect(stderr).not.toContain("hunter2");
  });

  test("that throws is an error without a stack, and with one under --debug", async () => {
    const args = ["status", "--config", fixture("broken/throws.config.ts")];
    const [plain, debug] = await Promise.all([headgate(args), headgate([...args, "--debug"])]);
    expect(plain.code).toBe(2);
    expect(plain.stderr).toContain("nothing works here");
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    expect(debug.stderr).toMatch(/^\s+at /m);
  });

  test("with a definition that is wrong fails with the definition's own error", async () => {
    const { code, stderr } = await headgate(["status", "--config", fixture("broken/capacity.config.ts")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/HG_[A-Z_]+.*capacity/s);
  });

  test("whose processor module is missing or exports no function is said by the worker", async () => {
    const config = fixture("broken/no-function.config.ts");
    const [wrong, missing] = await Promise.all(
      ["letters", "notes"].map((queue) => headgate(["worker", queue, "--config", config])),
    );
    expect(wrong?.code).toBe(2);
    expect(wrong?.stderr).toContain("queues.letters.processor");
    expect(missing?.code).toBe(2);
    expect(missing?.stderr).toContain("queues.notes.processor");
  });
});

describe("Redis that is not there ends with 3, without its password", () => {
  test.each([
    ["status"],
    ["enqueue", "letters"],
    ["pause", "letters"],
    ["explain", "letters", "a"],
    ["limits", "api"],
    ["failed", "letters"],
    ["move", "letters"],
    ["doctor"],
  ])("%s", async (...args) => {
    const given = args.filter((arg) => arg !== undefined);
    const { code, stdout, stderr } = await headgate([...given, "--redis", nowhere], { input: '{"doc":"a"}\n' });
    expect(code).toBe(3);
    expect(stderr).toContain("HG_REDIS_UNREACHABLE");
    expect(stdout + stderr).not.toContain("hunter2");
  });
});
