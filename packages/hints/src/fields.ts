import { isNumber, isObject, isText, read } from "./reading.ts";

/** The header fields that may speak of limits, names in lower case. */
export type Fields = ReadonlyMap<string, string>;

/** Most headers are of no interest; this look is what keeps a call with thirty of them cheap. */
const OF_INTEREST = /rat|retry|limit|^date$/i;
const NAME_MOST = 80;
const VALUE_MOST = 4_096;
const FIELDS_MOST = 1_000;

/** Objects that can only be asked by name are asked for these. */
const ASKED =
  "date retry-after retry-after-ms ratelimit ratelimit-policy x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset";

/** From a `Headers`, a plain object in any case, an axios-like object, pairs, or Node's flat raw list. Never throws. */
export function fieldsOf(headers: unknown): Fields {
  const fields = new Map<string, string>();
  let left = FIELDS_MOST;
  try {
    for (const [name, value] of pairsOf(headers)) {
      if (left-- <= 0) break;
      if (!isText(name) || name.length > NAME_MOST || !OF_INTEREST.test(name)) continue;
      const lower = name.toLowerCase();
      const text = isText(value) || isNumber(value) ? String(value) : Array.isArray(value) ? value.join(", ") : "";
      // The same field twice is one list (RFC 9110, section 5.2).
      const all = fields.has(lower) ? `${fields.get(lower)}, ${text}` : text.trim();
      if (text && all.length <= VALUE_MOST) fields.set(lower, all);
    }
  } catch {
    // What was read until here counts.
  }
  return fields;
}

function pairsOf(headers: unknown): Iterable<Iterable<unknown>> {
  if (!isObject(headers)) return [];
  if (Array.isArray(headers) && isText(headers[0])) {
    return headers.flatMap((name, at) => (at % 2 ? [] : [[name, headers[at + 1]]]));
  }
  if (Symbol.iterator in headers) return headers as Iterable<Iterable<unknown>>;
  const names = Object.keys(headers).filter((name) => OF_INTEREST.test(name));
  if (names.length > 0) return names.map((name) => [name, read(headers, name)]);
  const get = read(headers, "get");
  return typeof get === "function" ? ASKED.split(" ").map((name) => [name, get.call(headers, name)]) : [];
}
