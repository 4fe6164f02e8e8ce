export const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";
export const isText = (value: unknown): value is string => typeof value === "string";
export const isNumber = (value: unknown): value is number => Number.isFinite(value);
/** An HTTP status: clients keep other numbers under the same names (gRPC's 8, Discord's 50035). */
export const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 99 && (value as number) < 600;

/** What is read was made by others: getters may throw, proxies may lie. A property that cannot be read is not there. */
export function read(from: unknown, name: string): unknown {
  if (!isObject(from)) return undefined;
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The first of the names under which there is one of a kind. */
export function find<Kind>(
  from: unknown,
  names: readonly string[],
  is: (value: unknown) => value is Kind,
): Kind | undefined {
  for (const name of names) {
    const value = read(from, name);
    if (is(value)) return value;
  }
  return undefined;
}

/** NaN if there is none. */
export function numberAt(from: unknown, name: string): number {
  const value = read(from, name);
  return isNumber(value) ? value : Number.NaN;
}

/** Its beginning. */
export function textAt(from: unknown, name: string): string {
  const value = read(from, name);
  return isText(value) ? value.slice(0, 2e3) : "";
}

/** The first twenty of a list. */
export function listAt(from: unknown, name: string): unknown[] {
  const value = read(from, name);
  return Array.isArray(value) ? value.slice(0, 20) : [];
}

/** A body that has not been read is left alone. */
export const isStream = (body: unknown): boolean =>
  typeof (read(body, "getReader") ?? read(body, "pipe")) === "function";
