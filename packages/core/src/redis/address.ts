import type { RedisOptions } from "ioredis";
import { headgateError } from "../errors.ts";

/** Where a text says that Redis is. ioredis itself reads the URL of a single Redis; the other two are ours. */
export type Address =
  | { readonly kind: "single"; readonly url: string }
  | { readonly kind: "sentinel"; readonly options: RedisOptions }
  | { readonly kind: "cluster"; readonly nodes: readonly Node[]; readonly options: RedisOptions };

interface Node {
  readonly host: string;
  readonly port: number;
}

export const ADDRESS_FORMS =
  "redis://[user:password@]host[:port][/db], redis+sentinel://[user:password@]host[:port],…/name[/db], or redis+cluster://[user:password@]host[:port],…; rediss… for TLS";

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

const MANY =
  /^redis(?<tls>s?)\+(?<kind>sentinel|cluster):\/\/(?:(?<user>[^@/]*)@)?(?<hosts>[^@/?]+)(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/;

/** Pure. Whether a text is the address of a Redis, of sentinels or of a cluster. */
export function isAddress(text: string): boolean {
  return parse(text) !== null;
}

/** Pure. @throws HG_BACKEND_UNSUPPORTED, without the credentials */
export function readAddress(text: string): Address {
  const address = parse(text);
  if (address !== null) return address;
  throw headgateError("HG_BACKEND_UNSUPPORTED", { expected: ADDRESS_FORMS, got: text.replace(/:\/\/.*/, "://…") });
}

function parse(text: string): Address | null {
  if (text.startsWith("/")) return { kind: "single", url: text };
  if (/^rediss?:\/\//.test(text)) return URL.canParse(text) ? { kind: "single", url: text } : null;
  const { tls, kind, user, hosts = "", path = "", query } = MANY.exec(text)?.groups ?? {};
  if (kind === undefined) return null;
  const nodes = hosts.split(",").map((host) => nodeOf(host, kind === "sentinel" ? SENTINEL_PORT : REDIS_PORT));
  const known = nodes.filter((node) => node !== null);
  const credentials = credentialsOf(user);
  if (known.length < nodes.length || credentials === null) return null;
  const options: RedisOptions = { ...credentials, ...(tls === "s" ? { tls: {} } : {}) };
  if (kind === "cluster") return path === "" ? { kind, nodes: known, options } : null;
  return sentinelOf(known, path, new URLSearchParams(query), options);
}

/** `sentinelUsername` and `sentinelPassword` in the query: the sentinels' own, which may differ from Redis'. */
function sentinelOf(
  nodes: readonly Node[],
  path: string,
  query: URLSearchParams,
  shared: RedisOptions,
): Address | null {
  const [name = "", db = "0", ...more] = path.split("/");
  if (name === "" || !/^\d+$/.test(db) || more.length > 0) return null;
  const own = ["sentinelUsername", "sentinelPassword"].flatMap((key) => {
    const value = query.get(key);
    return value === null ? [] : [[key, value] as const];
  });
  const options = {
    ...shared,
    sentinels: [...nodes],
    name: decodeURIComponent(name),
    db: Number(db),
    ...Object.fromEntries(own),
    // The same TLS towards the sentinels as towards Redis.
    ...(shared.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
  return { kind: "sentinel", options };
}

function nodeOf(host: string, port: number): Node | null {
  // The scheme is only there to have host and port taken apart, an IPv6 address in brackets too.
  const text = `redis://${host}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.hostname === "") return null;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? port : Number(url.port) };
}

function credentialsOf(text: string | undefined): Pick<RedisOptions, "username" | "password"> | null {
  if (text === undefined) return {};
  const [user = "", ...rest] = text.split(":");
  try {
    const username = decodeURIComponent(user);
    const password = decodeURIComponent(rest.join(":"));
    return { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
  } catch {
    return null;
  }
}
