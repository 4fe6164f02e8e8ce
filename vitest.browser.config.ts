import { defineConfig } from "vitest/config";

// In a real browser, and so apart from `npm test`: a Chromium is needed, which may have to be installed first.
const conditions = ["@headgate/source", "node", "module"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: ["./scripts/test-redis.mjs"],
    reporters: ["default", "./scripts/tally-reporter.mjs"],
    include: ["apps/*/browser/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 660_000,
    maxWorkers: 1,
  },
});
