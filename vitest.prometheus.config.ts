import { defineConfig } from "vitest/config";

// Against Debian's Prometheus and promtool, and so apart from `npm test`: they may have to be downloaded first.
const conditions = ["@headgate/source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: ["./scripts/test-redis.mjs"],
    reporters: ["default", "./scripts/tally-reporter.mjs"],
    include: ["apps/*/prometheus/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 330_000,
    maxWorkers: 1,
  },
});
