import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * @param {string} program @param {readonly (string | number)[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>} stdout and stderr as they came
 */
export async function sh(program, args, { cwd, env = process.env, timeoutMs = 300_000 } = {}) {
  const child = spawn(program, args.map(String), {
    ...(cwd === undefined ? {} : { cwd }),
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
  const [code] = await once(child, "close");
  return { code: code ?? 1, output };
}

/** @param {Parameters<typeof sh>} args @returns {Promise<string>} */
export async function must(...args) {
  const { code, output } = await sh(...args);
  if (code !== 0) throw new Error(`${args[0]} ${args[1].join(" ")} ended with ${code}:\n${output.slice(-2_000)}`);
  return output;
}

/** @param {string} what @param {() => Promise<boolean>} fits @param {number} [timeoutMs] @returns {Promise<number>} how long it took (ms) */
export async function until(what, fits, timeoutMs = 60_000) {
  const from = performance.now();
  while (!(await fits().catch(() => false))) {
    if (performance.now() - from > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Math.round(performance.now() - from);
}

/** @param {string} url @returns {Promise<number>} 0 where nobody answers */
export const statusOf = (url) =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

/** @returns {Promise<number>} */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
