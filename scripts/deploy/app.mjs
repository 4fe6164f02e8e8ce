import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { root } from "../run/root.mjs";
import { must, sh } from "./sh.mjs";

const PACKAGES = ["packages/core", "packages/hints", "apps/board", "apps/gateway", "apps/cli"];

/** Jobs say how long they take: {"name":"60000"}. */
const PROCESSOR = `import { setTimeout as after } from "node:timers/promises";
export default async ({ name }, ctx) => {
  await after(Number(name) || 0, undefined, { signal: ctx.signal });
};
`;

/**
 * A project as "headgate init" writes it, on the packages of this checkout as they would be published.
 *
 * @param {string} folder
 * @returns {Promise<{ folder: string, close: () => void }>} the packages can be fetched from loopback until it is closed
 */
export async function makeApp(folder) {
  const packed = join(folder, "packed");
  const app = join(folder, "app");
  for (const each of [packed, app]) mkdirSync(each, { recursive: true });
  for (const each of PACKAGES)
    await must("npx", ["pnpm", "pack", "--pack-destination", packed], { cwd: join(root, each) });
  const server = createServer((request, response) => {
    response.end(readFileSync(join(packed, basename(request.url ?? ""))));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  /** @param {string} name */
  const at = (name) => `http://127.0.0.1:${port}/${name}-0.1.0.tgz`;

  await must(process.execPath, [join(root, "apps/cli/dist/main.js"), "init", app]);
  const manifest = JSON.parse(readFileSync(join(app, "package.json"), "utf8"));
  Object.assign(manifest.dependencies, { headgate: at("headgate"), "@headgate/cli": at("headgate-cli") });
  manifest.overrides = {
    headgate: "$headgate",
    ...Object.fromEntries(["board", "gateway", "hints"].map((name) => [`@headgate/${name}`, at(`headgate-${name}`)])),
  };
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest, null, 2));
  writeFileSync(join(app, "greet.processor.ts"), PROCESSOR);
  await must("npm", ["install", "--omit=dev", "--no-audit", "--no-fund"], { cwd: app });
  return { folder: app, close: () => void server.close() };
}

/**
 * @param {string} app @param {string} redis @param {string[]} args
 * @returns {Promise<string>}
 */
export async function headgate(app, redis, ...args) {
  const command = [join(app, "node_modules/@headgate/cli/dist/main.js"), ...args];
  const { output } = await sh(process.execPath, command, { cwd: app, env: { ...process.env, REDIS_URL: redis } });
  return output;
}

/** @param {string} app @param {string} redis @param {number} count @param {number} ms how long each takes */
export async function enqueue(app, redis, count, ms) {
  const file = join(app, "jobs.ndjson");
  writeFileSync(file, `{"name":"${ms}"}\n`.repeat(count));
  await headgate(app, redis, "enqueue", "greetings", file);
}

/** @param {string} app @param {string} redis @returns {Promise<Record<string, number>>} */
export async function countsOf(app, redis) {
  return JSON.parse(await headgate(app, redis, "status", "--json")).queues[0].counts;
}
