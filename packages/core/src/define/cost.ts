import { headgateError, shown } from "../errors.ts";
import type { Limiter } from "./limiter.ts";
import { isName } from "./options.ts";

/** What a permit takes from each unit. */
export type Cost = Readonly<Record<string, number>>;

export type CostOf<Payload> = (payload: Payload) => Cost;

const MOST_UNITS = 16;

export function costFor<Payload>(what: string, limiter: Limiter, cost: CostOf<Payload>, payload: Payload): Cost {
  let given: Cost;
  try {
    given = cost(payload);
  } catch (cause) {
    throw headgateError("HG_COST_INVALID", {
      what,
      expected: "a cost for every payload",
      got: "a cost() that threw",
      cause,
    });
  }
  return checkCost(what, limiter, given);
}

/** A cost that can be granted one day: whole numbers, each unit's at most what its limits ever hold. */
export function checkCost(what: string, limiter: Limiter, given: Cost): Cost {
  // An async cost() would otherwise count as a cost without units.
  const plain = typeof given === "object" && given !== null && !Array.isArray(given) && !("then" in given);
  const entries = plain ? Object.entries(given) : null;
  if (!entries || entries.length > MOST_UNITS) {
    throw headgateError("HG_COST_INVALID", {
      what,
      expected: `{ unit: number } with at most ${MOST_UNITS} units`,
      got: entries ? `${entries.length} units` : kindOf(given),
    });
  }
  const cost: Record<string, number> = { requests: 1 };
  for (const [unit, amount] of entries) {
    // A unit may be made from the payload too: it is not shown before it is known to be a name.
    if (!isName(unit)) {
      throw headgateError("HG_COST_INVALID", {
        what,
        expected: "units of A-Z a-z 0-9 . _ -, 1 to 64",
        got: "a unit that is none",
      });
    }
    if (typeof amount !== "number" || !Number.isFinite(amount) || amount < 0) {
      throw headgateError("HG_COST_INVALID", {
        what,
        expected: `a finite number >= 0 for ${unit}`,
        got: kindOf(amount),
      });
    }
    cost[unit] = Math.ceil(amount);
  }
  for (const limit of limiter.limits) {
    if ((cost[limit.unit] ?? 0) > limit.amount) {
      throw headgateError("HG_COST_ABOVE_LIMIT", {
        what,
        expected: `at most ${limit.amount} ${limit.unit} per ${limit.perMs} ms (limiter "${limiter.name}")`,
        got: `${cost[limit.unit]} ${limit.unit}`,
      });
    }
  }
  return Object.freeze(cost);
}

/** A cost comes from the payload, and payloads stay out of logs: only numbers are shown, of the rest the type. */
const kindOf = (value: unknown): string =>
  typeof value === "number" ? shown(value) : value === undefined ? "nothing" : value === null ? "null" : typeof value;
