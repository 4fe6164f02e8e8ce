import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";
import { headgate, startHeadgate } from "./support/headgate.ts";

const app = fileURLToPath(new URL("..", import.meta.url));

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "headgate-init-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** What `npm install` would put there, as links to what is installed here. */
async function install(project: string): Promise<void> {
  const links = [
    ["@headgate/cli", app],
    ["headgate", join(app, "node_modules", "headgate")],
    ["zod", join(app, "node_modules", "zod")],
  ] as const;
  for (const [name, target] of links) {
    const path = join(project, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path);
  }
}

test("writes a project that runs: its jobs are enqueued and completed", async () => {
  const server = await startPrivateRedis();
  onTestFinished(() => server.stop());
  const cwd = await folder();
  const environment = { REDIS_URL: server.url };
  const written = await headgate(["init", "shop"], { cwd });
  expect(written.code).toBe(0);
  expect(written.stdout).toContain("wrote shop/headgate.config.ts");
  expect(written.stdout).toContain("npx headgate worker");
  const project = join(cwd, "shop");
  await install(project);
  expect((await headgate(["doctor"], { cwd: project, environment })).code).toBe(0);
  const enqueued = await headgate(["enqueue", "greetings", "greetings.ndjson", "--json"], {
    cwd: project,
    environment,
  });
  expect(JSON.parse(enqueued.stdout)).toMatchObject({ accepted: 3, invalid: 0 });
  const worker = startHeadgate(["worker", "--json"], { cwd: project, environment });
  await worker.line("stdout", /"event":"completed"/, 3);
  worker.process.kill("SIGTERM");
  expect((await worker.ended).code).toBe(0);
});

test("names what it wrote with --json, and the versions that it needs", async () => {
  const cwd = await folder();
  const { code, stdout } = await headgate(["init", "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    folder: cwd,
    files: ["headgate.config.ts", "queues.ts", "greet.processor.ts", "greetings.ndjson", "package.json"],
  });
  const { dependencies } = JSON.parse(await readFile(join(cwd, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const own = JSON.parse(await readFile(join(app, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };
  expect(dependencies).toEqual({
    "@headgate/cli": own.version,
    headgate: own.version,
    zod: own.dependencies["zod"],
  });
});

test("writes over nothing, unless it is told to, and never over a package.json", async () => {
  const cwd = await folder();
  await writeFile(join(cwd, "queues.ts"), "mine");
  await writeFile(join(cwd, "package.json"), "{}");
  const refused = await headgate(["init"], { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("HG_FILE_EXISTS");
  expect(refused.stderr).toContain("queues.ts");
  expect(await readFile(join(cwd, "queues.ts"), "utf8")).toBe("mine");
  expect((await headgate(["init", "--force"], { cwd })).code).toBe(0);
  expect(await readFile(join(cwd, "queues.ts"), "utf8")).toContain("defineQueue");
  expect(await readFile(join(cwd, "package.json"), "utf8")).toBe("{}");
});
