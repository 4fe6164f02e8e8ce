// npm run demo | npm test | npm run test:browser | npm run test:prometheus | npm run bench | npm run check:deploy | npm run check: each does all of its own set-up, then its job. A fresh clone
// needs only Node and npm. stdout belongs to the job, set-up speaks on stderr.
import "./run/node-version.mjs";
import { NoRedisError, provideRedis } from "./redis.mjs";
import { check } from "./run/check.mjs";
import { run, runAsOurselves } from "./run/process.mjs";
import { SetUpError, setUp } from "./run/set-up.mjs";

/** @type {Record<string, (args: string[]) => string[]>} */
const jobs = {
  demo: (args) => ["apps/demo/dist/main.js", ...args],
  bench: (args) => ["benchmarks/dist/main.js", ...args],
  test: (args) => ["node_modules/vitest/vitest.mjs", "run", ...args],
  deploy: (args) => ["scripts/deploy/check.mjs", ...args],
  browser: (args) => ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.browser.config.ts", ...args],
  prometheus: (args) => ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.prometheus.config.ts", ...args],
};

const [name = "", ...args] = process.argv.slice(2);
const job = jobs[name];

try {
  if (name === "check") process.exitCode = await check();
  else if (job) await withRedis(job(args));
  else
    throw new SetUpError(`unknown command "${name}". Expected one of: ${[...Object.keys(jobs), "check"].join(", ")}`);
} catch (error) {
  if (!(error instanceof SetUpError || error instanceof NoRedisError)) throw error;
  process.stderr.write(`headgate: ${error.message}\n`);
  process.exitCode = 1;
}

/** @param {string[]} command */
async function withRedis(command) {
  await setUp((program, parameters) => run(program, parameters));
  const redis = await provideRedis();
  await runAsOurselves(process.execPath, command, { REDIS_URL: redis.url }, redis.stop);
}
