import { apart } from "./vitest.apart.ts";

// In a real Chromium.
export default apart({
  include: "apps/*/browser/**/*.test.ts",
  conditions: ["@headgate/source", "node", "module"],
  hookTimeout: 660_000,
});
