import { defineConfig } from "vitest/config";

interface Apart {
  readonly include: string;
  readonly conditions: readonly string[];
  /** For what may have to be downloaded first (ms). */
  readonly hookTimeout: number;
}

/** Tests that need more than Node and Redis, and so run apart from `npm test`, one file after the other. */
export const apart = ({ include, conditions, hookTimeout }: Apart): ReturnType<typeof defineConfig> =>
  defineConfig({
    resolve: { conditions: [...conditions] },
    ssr: { resolve: { conditions: [...conditions] } },
    test: {
      globalSetup: ["./scripts/test-redis.mjs"],
      reporters: ["default", "./scripts/tally-reporter.mjs"],
      include: [include],
      testTimeout: 60_000,
      hookTimeout,
      maxWorkers: 1,
    },
  });
