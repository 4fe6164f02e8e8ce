import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** An empty project with what `npm pack` makes installed in it, and nothing beside it but the one dependency. */
let project = "";
let tarball = "";

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "hints-"));
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
    cwd: root,
  });
  const [{ filename = "" } = {}] = JSON.parse(stdout) as { filename: string }[];
  tarball = join(project, filename);
  const modules = join(project, "node_modules");
  await mkdir(join(modules, "@headgate/hints"), { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "@headgate/hints")]);
  await symlink(join(root, "node_modules/structured-headers"), join(modules, "structured-headers"));
}, 60_000);

afterAll(() => rm(project, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(project, name), text);
  return join(project, name);
};

it("holds what is built, its sources, and nothing of the build or the tests", async () => {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const names = stdout.trim().split("\n");
  expect(names).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "src/index.ts"].map(inside)));
  expect(
    names.filter(
      (name) =>
        !/^package\/(?:(?:dist|src)\/[\w-]+\.(?:d\.ts|js|ts)(?:\.map)?|[A-Z]+(?:\.md)?|package\.json)$/.test(name),
    ),
  ).toEqual([]);
  const sources = await readdir(join(root, "src"));
  const built = names.filter((name) => /dist\/[\w-]+\.js$/.test(name));
  expect(built.toSorted()).toEqual(sources.map((name) => inside(`dist/${name.replace(".ts", ".js")}`)).toSorted());
});

const inside = (name: string): string => `package/${name}`;

it("depends on a parser of structured fields, and on nothing else", async () => {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Record<string, object>;
  expect(Object.keys(manifest["dependencies"] ?? {})).toEqual(["structured-headers"]);
  expect(manifest["peerDependencies"]).toBeUndefined();
  const files = await readdir(join(root, "src"));
  const texts = await Promise.all(files.map((name) => readFile(join(root, "src", name), "utf8")));
  const imported = texts.flatMap((text) => Array.from(text.matchAll(/ from "([^"]+)"/g), ([, from = ""]) => from));
  expect(new Set(imported.filter((from) => !from.startsWith("./")))).toEqual(new Set(["structured-headers"]));
});

describe("runs where nothing else is installed", () => {
  const body = `
    const hint = parseHints({ ratelimit: '"a";r=0;t=30' });
    const { throttled } = classifyError({ status: 429 });
    console.log(JSON.stringify([hint.retryAfterMs, throttled, providers.x.windowMs, retriesOff.openai]));`;

  it.each([
    [
      "import",
      "main.mjs",
      `import { classifyError, parseHints } from "@headgate/hints";
       import { providers } from "@headgate/hints/providers";
       import { retriesOff } from "@headgate/hints/retries-off";`,
    ],
    [
      "require()",
      "main.cjs",
      `const { classifyError, parseHints } = require("@headgate/hints");
       const { providers } = require("@headgate/hints/providers");
       const { retriesOff } = require("@headgate/hints/retries-off");`,
    ],
  ])("by %s", async (_, name, head) => {
    const { stdout, stderr } = await run(process.execPath, [await file(name, head + body)], { cwd: project });
    expect(JSON.parse(stdout)).toEqual([30_000, true, 900_000, { maxRetries: 0 }]);
    expect(stderr.replaceAll(/.*(?:ExperimentalWarning|--trace-warnings).*\n/g, "")).toBe("");
  });
});

describe("type-checks in a project without this one's settings", () => {
  const text = `
    import { type Classified, classifyError, classifyResponse, type Hints, parseHints, type Provider } from "@headgate/hints";
    import { providers } from "@headgate/hints/providers";
    import { retriesOff } from "@headgate/hints/retries-off";
    const own: Provider = { ...providers.x, reset: "ms" };
    const hints: Hints = parseHints(new Headers(), { provider: own, now: 0 });
    const one: Classified = classifyError(new Error("x"), { provider: "openai" });
    const wait: number | undefined = hints.retryAfterMs;
    // @ts-expect-error no such preset
    classifyResponse({}, { provider: "nobody" });
    // @ts-expect-error it may be missing
    const sure: number = one.hint.retryAfterMs;
    export const used: unknown[] = [wait, sure, retriesOff];`;

  it.each([
    ["node16", "main.mts", ["--module", "node16", "--moduleResolution", "node16"]],
    ["nodenext, from CommonJS", "main.cts", ["--module", "nodenext", "--moduleResolution", "nodenext"]],
    ["bundler", "main.ts", ["--module", "esnext", "--moduleResolution", "bundler"]],
  ])("%s", async (_, name, options) => {
    const types = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--types", ""];
    const args = [await file(name, text), ...types, ...options];
    const { stdout } = await run(join(root, "../../node_modules/.bin/tsc"), args, { cwd: project }).catch(
      (failed: { stdout: string }) => failed,
    );
    expect(stdout).toBe("");
  });
});

describe("is found fit to publish by", () => {
  it.each([
    ["publint", ["--strict"]],
    ["attw", ["--profile", "esm-only", "--no-color", "--no-emoji"]],
  ])("%s", async (tool, options) => {
    // What they find makes them end with 1.
    const { stdout } = await run(bin(tool), [tarball, ...options], { cwd: project });
    expect(stdout).toMatch(/headgate.hints/);
  });
});
