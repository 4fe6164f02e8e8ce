import { apart } from "./vitest.apart.ts";

// Against Debian's Prometheus and promtool.
export default apart({
  include: "apps/*/prometheus/**/*.test.ts",
  conditions: ["@headgate/source", "node"],
  hookTimeout: 330_000,
});
