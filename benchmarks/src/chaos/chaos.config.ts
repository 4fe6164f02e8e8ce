import { setTimeout as after } from "node:timers/promises";
import { defineConfig, type HeadgateConfig } from "@headgate/cli";
import { type Call, chaosQueue, type Poison, poisonQueue } from "./queue.ts";

const api = process.env["CHAOS_API"];
const namespace = process.env["CHAOS_NAMESPACE"] ?? "chaos";

const config: HeadgateConfig<{ calls: Call; poison: Poison }> = defineConfig({
  queues: {
    calls: {
      queue: chaosQueue(namespace, process.env["CHAOS_UNLIMITED"] === undefined),
      concurrency: 5,
      processor: async ({ ms }, ctx) => {
        if (api) await ctx.fetch(`${api}/${ctx.job.id}`, { method: "POST" });
        await after(ms, undefined, { signal: ctx.signal });
      },
    },
    poison: {
      queue: poisonQueue(namespace),
      concurrency: 3,
      sandbox: { heapMb: 64 },
      processor: "./poison-job.ts",
    },
  },
});

export default config;
