import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { withLock } from "./lock.mjs";
import { inRoot } from "./root.mjs";
import { stampOf } from "./stamp.mjs";

const PNPM = "pnpm@12.21.0";
const stampFile = inRoot("node_modules", ".headgate-stamp");

/** @typedef {(program: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<number>} Run */

/** What the user can act on: a message without a stack. */
export class SetUpError extends Error {
  /** @override */
  name = "SetUpError";
}

/**
 * Dependencies, generated Lua, build. Under a lock: two commands started at once must not install over each other.
 *
 * @param {Run} run
 */
export async function setUp(run) {
  mkdirSync(inRoot(".headgate"), { recursive: true });
  await withLock(inRoot(".headgate", "set-up.lock"), async () => {
    await install(run);
    await must(run, "the Lua scripts could not be built", process.execPath, [luaBuilder]);
    await must(run, "the TypeScript build failed", process.execPath, [tsc, "-b"]);
  });
}

export const luaBuilder = "packages/core/scripts/build-lua.mjs";
export const tsc = "node_modules/typescript/bin/tsc";

/** @param {Run} run */
export async function install(run) {
  const stamp = stampOf(inRoot());
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  process.stderr.write("headgate: installing dependencies (first run, or the lockfile changed)\n");
  const line = ["-y", "--prefer-offline", PNPM, "install", "--frozen-lockfile", "--prefer-offline"];
  // npm hands its own settings on in the environment; a quiet npm must not hide what goes wrong here.
  const { npm_config_loglevel: _, ...env } = process.env;
  if ((await run("npx", line, { ...env, CI: "true" })) !== 0) {
    throw new SetUpError(`the install failed. By hand: npx ${line.join(" ")}`);
  }
  writeFileSync(stampFile, stamp);
}

/** @param {Run} run @param {string} problem @param {string} program @param {string[]} args */
async function must(run, problem, program, args) {
  if ((await run(program, args)) !== 0) throw new SetUpError(problem);
}
