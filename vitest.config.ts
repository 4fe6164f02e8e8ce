import { defineConfig } from "vitest/config";

// Packages find each other's source without a build.
const conditions = ["@headgate/source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "benchmarks/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
    ],
    globalSetup: ["./scripts/test-redis.mjs"],
    reporters: ["default", "./scripts/tally-reporter.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
