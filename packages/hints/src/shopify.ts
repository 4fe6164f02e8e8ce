import type { Said } from "./body.ts";
import type { Counter } from "./counter.ts";
import { errorsOf, read, readNumber } from "./reading.ts";
import { spanMs } from "./time.ts";

/**
 * `extensions.cost` of Shopify's GraphQL API, on successes too: a leaky bucket of cost points. What is missing for the query
 * comes back at `restoreRate` a second. The status of a throttled answer is 200 or 429, so the body decides.
 */
export function shopifyCost(top: object, said: Said): Counter | null {
  const cost = read(read(top, "extensions"), "cost");
  const status = read(cost, "throttleStatus");
  const size = readNumber(status, "maximumAvailable");
  const available = readNumber(status, "currentlyAvailable");
  const perSecond = readNumber(status, "restoreRate");
  if (size === undefined || available === undefined || perSecond === undefined) return null;
  if (!(size > 0 && perSecond > 0)) return null;
  const requested = readNumber(cost, "requestedQueryCost");
  const refused = errorsOf(top).some((one) => read(one, "message") === "Throttled");
  if (refused && requested !== undefined && requested > available) {
    said.throttled = true;
    said.askedMs = ((requested - available) / perSecond) * 1_000;
  }
  const remaining = Math.min(Math.max(Math.floor(available), 0), size);
  return {
    unit: "cost",
    rule: "full",
    limit: size,
    remaining,
    resetMs: spanMs(((size - remaining) / perSecond) * 1_000),
    windowMs: spanMs((size / perSecond) * 1_000),
  };
}
