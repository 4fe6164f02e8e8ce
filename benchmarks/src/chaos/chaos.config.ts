import { setTimeout as after } from "node:timers/promises";
import { defineConfig, type HeadgateConfig } from "@headgate/cli";
import { type Call, chaosQueue } from "./queue.ts";

const api = process.env["CHAOS_API"];

const config: HeadgateConfig<{ calls: Call }> = defineConfig({
  queues: {
    calls: {
      queue: chaosQueue(process.env["CHAOS_NAMESPACE"] ?? "chaos", process.env["CHAOS_UNLIMITED"] === undefined),
      concurrency: 5,
      processor: async ({ ms }, ctx) => {
        if (api) await ctx.fetch(`${api}/${ctx.job.id}`, { method: "POST" });
        await after(ms, undefined, { signal: ctx.signal });
      },
    },
  },
});

export default config;
