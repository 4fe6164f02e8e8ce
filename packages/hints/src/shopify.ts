import type { Said } from "./body.ts";
import { numberAt, read } from "./reading.ts";

/**
 * `extensions.cost` of Shopify's GraphQL API, on successes too: a leaky bucket of cost points. What is missing for the query
 * comes back at `restoreRate` a second. The status of a throttled answer is 200 or 429, so the body decides.
 */
export function shopifySays(top: unknown, errors: readonly unknown[], said: Said): void {
  const cost = read(read(top, "extensions"), "cost");
  const status = read(cost, "throttleStatus");
  const limit = numberAt(status, "maximumAvailable");
  const available = numberAt(status, "currentlyAvailable");
  const perMs = numberAt(status, "restoreRate") / 1e3;
  if (!(limit > 0 && perMs > 0 && available > -1e9)) return;
  said.counters.push({ unit: "cost", rule: "full", limit, remaining: available, windowMs: limit / perMs });
  if (errors.some((one) => read(one, "message") === "Throttled")) {
    said.throttled = true;
    said.askedMs = (numberAt(cost, "requestedQueryCost") - available) / perMs;
  }
}
