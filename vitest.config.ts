import { defineConfig } from "vitest/config";

// Packages find each other's source without a build. Node is told these too, for whatever it loads itself, so neither "import" nor
// "module" may be among them: a package with both forms (express' is-promise) would be required as ESM, as an object instead of a
// function, and AWS' "module" is for bundlers only (imports without extensions).
const conditions = ["@headgate/source", "node"];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** What holds rates and waits against a clock: run one by one, after everything else, so that nobody else takes the cores. */
const timed = [
  "packages/core/test/bullmq/{calm,fair,herd,waits}.test.ts",
  "packages/core/test/e2e/{explain,hand-over,killed-worker,levels,levers,limits,outage,strict-bound}.test.ts",
  "apps/cli/test/fleet*.test.ts",
  "apps/demo/test/demo.test.ts",
  "benchmarks/test/{explain,gateway}.test.ts",
];

const timeouts = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ["./scripts/test-redis.mjs"],
    reporters: ["default", "./scripts/tally-reporter.mjs"],
    projects: [
      {
        ...shared,
        test: {
          name: "together",
          include: [
            "packages/*/test/**/*.test.ts",
            "apps/*/test/**/*.test.ts",
            "benchmarks/test/**/*.test.ts",
            "scripts/test/**/*.test.ts",
          ],
          exclude: [...timed, "**/node_modules/**", "**/dist/**"],
          ...timeouts,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: { name: "timed", include: timed, ...timeouts, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
