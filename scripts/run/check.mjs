import { readFileSync } from "node:fs";
import { provideRedis } from "../redis.mjs";
import { lockfileProblems } from "./lockfile.mjs";
import { run } from "./process.mjs";
import { inRoot } from "./root.mjs";
import { install, luaBuilder, tsc } from "./set-up.mjs";

/**
 * What CI runs. Every step runs even if one before it failed: one round shows all that is wrong.
 *
 * @returns {Promise<number>} exit code
 */
export async function check() {
  await install(run);
  const node = process.execPath;
  /** @type {[name: string, step: () => Promise<number>][]} */
  const steps = [
    ["format, lint, import cycles", () => run(node, ["node_modules/@biomejs/biome/bin/biome", "ci", "."])],
    ["unused code", () => run(node, ["node_modules/knip/bin/knip.js"])],
    ["generated Lua", () => run(node, [luaBuilder, "--check"])],
    ["lockfile", async () => lockfile()],
    ["types and build", () => run(node, [tsc, "-b"])],
    ["types of tests and scripts", () => run(node, [tsc, "-p", "tsconfig.checks.json"])],
    ["tests", tests],
  ];
  /** @type {string[]} */
  const results = [];
  let code = 0;
  for (const [name, step] of steps) {
    const failed = (await step()) !== 0;
    if (failed) code = 1;
    results.push(`${failed ? "FAILED" : "ok    "}  ${name}`);
  }
  process.stderr.write(`\n${results.join("\n")}\n`);
  return code;
}

async function tests() {
  const redis = await provideRedis();
  try {
    return await run(process.execPath, ["node_modules/vitest/vitest.mjs", "run"], {
      ...process.env,
      REDIS_URL: redis.url,
    });
  } finally {
    await redis.stop();
  }
}

function lockfile() {
  const problems = lockfileProblems(readFileSync(inRoot("pnpm-lock.yaml"), "utf8"));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length;
}
