import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { startPrivateRedis } from "../../../scripts/redis.mjs";
import { headgate, startHeadgate } from "./support/headgate.ts";

const recipe = readFileSync(fileURLToPath(new URL("../../../deploy/redis/users.acl", import.meta.url)), "utf8");
const PASSWORD = "change-me";

/** A Redis with the users of deploy/redis/users.acl, and one more, who sees what was refused. */
async function guardedRedis(): Promise<{ url: string; admin: Redis; refused(): Promise<string[]> }> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-acl-"));
  const file = join(folder, "users.acl");
  writeFileSync(file, `${recipe}user admin on >admin ~* &* +@all\n`);
  const { port, stop } = await startPrivateRedis({ args: ["--aclfile", file] });
  const admin = new Redis(port, "127.0.0.1", { username: "admin", password: "admin" });
  onTestFinished(async () => {
    admin.disconnect();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    admin,
    url: `redis://headgate:${PASSWORD}@127.0.0.1:${port}`,
    refused: async () =>
      ((await admin.acl("LOG")) as unknown as Record<string, unknown>[][]).map((entry) => JSON.stringify(entry)),
  };
}

test("the user of deploy/redis/users.acl may do all that the commands and the board do", {
  timeout: 90_000,
}, async () => {
  const redis = await guardedRedis();
  // The recipe is written for the default namespace.
  const environment = { TEST_NAMESPACE: "headgate", REDIS_URL: redis.url };
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await headgate(args, { environment, input: '{"doc":"a"}\n{"doc":"b"}\n' });
    expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
    return stdout;
  };
  await Promise.all([run("doctor"), run("enqueue", "letters", "--id-field", "doc")]);
  await Promise.all([
    run("explain", "letters", "a"),
    run("status"),
    run("pause", "letters", "--reason", "acl"),
    run("pause", "limiter:api", "--for", "1s"),
    run("limits", "api", "--limit", "requests=500/1s", "--concurrency", "5"),
  ]);
  await Promise.all([run("resume", "letters"), run("resume", "limiter:api")]);

  const fleet = startHeadgate(["worker", "letters", "--port", "0"], { environment });
  await fleet.line("stderr", / completed /, 2);
  const url = /url=(\S+)/.exec(await fleet.line("stderr", / listening /))?.[1] ?? "";
  expect(await (await fetch(`${url}/metrics`)).text()).toContain("headgate_redis_up 1");
  fleet.process.kill("SIGTERM");
  expect((await fleet.ended).code).toBe(0);

  await Promise.all([run("failed", "letters"), run("failed", "letters", "export"), lookAtTheBoard(environment)]);
  expect(await redis.refused()).toEqual([]);
});

test("headgate move needs a little more, for as long as it takes: what docs/operating.md says", async () => {
  const page = readFileSync(fileURLToPath(new URL("../../../docs/operating.md", import.meta.url)), "utf8");
  const more = /ACL SETUSER headgate (\+scan [^`]+)`/.exec(page)?.[1]?.split(" ") ?? [];
  const redis = await guardedRedis();
  const run = async (limiter: string, ...args: string[]): Promise<number | null> => {
    const environment = { TEST_NAMESPACE: "headgate", TEST_LIMITER: limiter, REDIS_URL: redis.url };
    return (await headgate([...args, "--config", "moving.config.ts"], { environment, input: "{}\n" })).code;
  };
  expect(await run("old", "enqueue", "letters")).toBe(0);
  expect(await run("new", "move", "letters")).toBe(1);
  await redis.admin.acl("SETUSER", "headgate", ...more);
  expect(await run("new", "move", "letters")).toBe(0);
});

async function lookAtTheBoard(environment: Record<string, string>): Promise<void> {
  const board = startHeadgate(["board", "--json"], { environment });
  const { url, jobsUrl } = JSON.parse(await board.line("stdout", /"url"/)) as Record<string, string>;
  expect((await fetch(`${url}/api/status`)).status).toBe(200);
  for (const status of ["latest", "active", "waiting", "completed", "failed", "delayed", "prioritized", "paused"]) {
    const query = `activeQueue=letters&status=${status}&page=1&jobsPerPage=10`;
    expect((await fetch(`${jobsUrl}/api/queues?${query}`)).status).toBe(200);
  }
  const queue = `${jobsUrl}/api/queues/letters`;
  const jobs = (await (
    await fetch(`${jobsUrl}/api/queues?activeQueue=letters&status=completed&page=1&jobsPerPage=10`)
  ).json()) as {
    queues: { name: string; jobs: { id: string }[] }[];
  };
  const [job] = jobs.queues.find(({ name }) => name === "letters")?.jobs ?? [];
  const id = encodeURIComponent(job?.id ?? "");
  const actions = [
    [`${queue}/${id}`, "GET"],
    [`${queue}/${id}/logs`, "GET"],
    [`${queue}/pause`, "PUT"],
    [`${queue}/resume`, "PUT"],
    [`${queue}/retry/failed`, "PUT"],
    [`${queue}/promote`, "PUT"],
    [`${queue}/${id}/clean`, "PUT"],
    [`${queue}/clean/completed`, "PUT"],
    [`${queue}/empty`, "PUT"],
  ] as const;
  const statuses = [];
  for (const [address, method] of actions)
    statuses.push([
      address.slice(jobsUrl?.length),
      (await fetch(address, { method, headers: { origin: url ?? "" } })).ok,
    ]);
  expect(statuses).toEqual(actions.map(([address]) => [address.slice(jobsUrl?.length), true]));
  board.process.kill("SIGTERM");
  await board.ended;
}
