import { isObject, read } from "./reading.ts";

/** The header fields that may speak of limits, names in lower case. */
export type Fields = ReadonlyMap<string, string>;

/** Most headers are of no interest; this look is what keeps a call with thirty of them cheap. */
const OF_INTEREST = /rat|retry|limit|^date$/;
const NAME_MOST = 80;
const VALUE_MOST = 4_096;
const FIELDS_MOST = 1_000;

/** Objects that can only be asked by name are asked for these. */
const ASKED =
  "date retry-after retry-after-ms ratelimit ratelimit-policy x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset".split(
    " ",
  );

/** From a `Headers`, a plain object in any case, an axios-like object, pairs, or Node's flat raw list. Never throws. */
export function fieldsOf(headers: unknown): Fields {
  const fields = new Map<string, string>();
  if (!isObject(headers)) return fields;
  try {
    gather(headers, fields);
  } catch {
    // What was read until here counts.
  }
  return fields;
}

function gather(headers: object, fields: Map<string, string>): void {
  let left = FIELDS_MOST;
  if (Array.isArray(headers) && typeof headers[0] === "string") {
    for (let i = 0; i + 1 < headers.length && left-- > 0; i += 2) put(fields, headers[i], headers[i + 1]);
  } else if (typeof read(headers, Symbol.iterator) === "function") {
    for (const pair of headers as Iterable<unknown>) {
      if (left-- <= 0) return;
      if (Array.isArray(pair)) put(fields, pair[0], pair[1]);
    }
  } else {
    for (const name of Object.keys(headers)) {
      if (left-- <= 0) return;
      if (OF_INTEREST.test(name.toLowerCase())) put(fields, name, read(headers, name));
    }
    const get = read(headers, "get");
    if (fields.size === 0 && typeof get === "function")
      for (const name of ASKED) put(fields, name, get.call(headers, name));
  }
}

/** The same field twice is one list (RFC 9110, section 5.2). */
function put(fields: Map<string, string>, name: unknown, value: unknown): void {
  if (typeof name !== "string" || name.length > NAME_MOST) return;
  const lower = name.toLowerCase();
  if (!OF_INTEREST.test(lower)) return;
  const text = textOf(value);
  if (text === undefined || text.length > VALUE_MOST) return;
  const before = fields.get(lower);
  fields.set(lower, before === undefined ? text : `${before}, ${text}`);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return String(value);
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")
    ? value.join(", ")
    : undefined;
}
