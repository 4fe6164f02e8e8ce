/** What is read was made by others: getters may throw, proxies may lie. A property that cannot be read is not there. */
export function read(from: unknown, name: PropertyKey): unknown {
  if (!isObject(from)) return undefined;
  try {
    return (from as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

export const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

export function readText(from: unknown, name: PropertyKey): string | undefined {
  const value = read(from, name);
  return typeof value === "string" ? value : undefined;
}

export function readNumber(from: unknown, name: PropertyKey): number | undefined {
  const value = read(from, name);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** An HTTP status, or nothing: clients keep other numbers under the same names (gRPC's 8, Discord's 50035). */
export function readStatus(from: unknown, name: PropertyKey): number | undefined {
  const value = readNumber(from, name);
  return value !== undefined && Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined;
}

/** The `errors` of GraphQL and X; Shopify's clients put them one deeper. */
export function errorsOf(body: unknown): unknown[] {
  const errors = read(body, "errors");
  const list = Array.isArray(errors) ? errors : read(errors, "graphQLErrors");
  return Array.isArray(list) ? list : [];
}

/** A body that has not been read is left alone. */
export const isStream = (body: unknown): boolean =>
  typeof (read(body, "getReader") ?? read(body, "pipe")) === "function";
