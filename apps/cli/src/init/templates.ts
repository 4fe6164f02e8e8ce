/** What `headgate init` writes; a test runs it as it is. */

export interface Versions {
  /** Of headgate and of this command: they are released together. */
  readonly headgate: string;
  readonly zod: string;
}

const queues = `import { defineLimiter, defineQueue } from "headgate";
import { z } from "zod";

/** The API that the jobs call. Its rate is learned from what it accepts; limits, where you know them, are upper bounds. */
export const api = defineLimiter("api", {
  limits: [{ unit: "requests", amount: 600, per: "1m" }],
  concurrency: 20,
});

export const greetings = defineQueue("greetings", {
  limiter: api,
  payload: z.object({ name: z.string() }),
  capacity: 10_000,
  timeout: "30s",
});
`;

const processor = `import type { Processor } from "headgate/worker";

/** Runs one job. A 429 of what ctx.fetch calls puts the job back and slows the whole fleet down; no attempt is spent. */
const greet: Processor<{ name: string }> = async ({ name }, ctx) => {
  // const res = await ctx.fetch("https://api.example.com/greet", { method: "POST", body: JSON.stringify({ name }) });
  await ctx.log("greeted");
  return { greeting: \`Hello, \${name}!\` };
};

export default greet;
`;

const config = `import { defineConfig } from "@headgate/cli";
import { greetings } from "./queues.ts";

export default defineConfig({
  connection: "redis://127.0.0.1:6379", // --redis and REDIS_URL stand above it
  queues: {
    greetings: { queue: greetings, processor: "./greet.processor.ts", concurrency: 10 },
  },
});
`;

const jobs = `${["Ada", "Grace", "Edsger"].map((name) => JSON.stringify({ name })).join("\n")}\n`;

const packageJson = ({ headgate, zod }: Versions): string =>
  `${JSON.stringify(
    {
      name: "greetings",
      private: true,
      type: "module",
      scripts: { worker: "headgate worker", status: "headgate status --watch", board: "headgate board" },
      dependencies: { "@headgate/cli": headgate, headgate, zod },
    },
    null,
    2,
  )}\n`;

/** File name → content. */
export const projectFiles = (versions: Versions): ReadonlyMap<string, string> =>
  new Map([
    ["headgate.config.ts", config],
    ["queues.ts", queues],
    ["greet.processor.ts", processor],
    ["greetings.ndjson", jobs],
    ["package.json", packageJson(versions)],
  ]);
