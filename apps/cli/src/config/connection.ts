import { ADDRESS_FORMS, headgateError, isAddress, readAddress } from "headgate/internal";
import type { Connection } from "headgate/worker";
import { redactUrl } from "../output/redact.ts";

export interface ConnectionSources {
  /** `--redis` */
  readonly flag: string | undefined;
  /** REDIS_URL; empty counts as unset. */
  readonly environment: string | undefined;
  readonly config: Connection | undefined;
}

/** Flag over environment over config. */
export function chooseConnection({ flag, environment, config }: ConnectionSources): Connection {
  if (flag !== undefined) return checkedUrl(flag, "--redis", "HG_USAGE");
  if (environment !== undefined && environment !== "") return checkedUrl(environment, "REDIS_URL", "HG_CONFIG_INVALID");
  if (config !== undefined) return config;
  throw headgateError("HG_CONFIG_INVALID", {
    message: "No Redis is named.",
    expected: "connection in the config, REDIS_URL, or --redis",
    got: "none of them",
    fix: 'write connection: "redis://127.0.0.1:6379" into the config',
  });
}

function checkedUrl(url: string, source: string, code: "HG_USAGE" | "HG_CONFIG_INVALID"): string {
  if (isAddress(url)) return url;
  throw headgateError(code, {
    message: `${source} is no Redis URL.`,
    expected: ADDRESS_FORMS,
    got: JSON.stringify(redactUrl(url)),
    fix: `correct ${source}`,
  });
}

/** What must never be printed about a connection. */
export function secretsOf(connection: Connection | undefined): readonly string[] {
  if (connection === undefined) return [];
  if (typeof connection === "string") return isAddress(connection) ? secretsOfAddress(connection) : [];
  const options = "options" in connection ? connection.options : connection;
  const nodes = "redisOptions" in options ? (options.redisOptions ?? {}) : {};
  return [...secretsIn(options), ...secretsIn(nodes)];
}

function secretsOfAddress(text: string): readonly string[] {
  const address = readAddress(text);
  if (address.kind === "single") return secretsOfUrl(text);
  return [...new Set(secretsIn(address.options).flatMap((secret) => [encodeURIComponent(secret), secret]))];
}

function secretsOfUrl(text: string): readonly string[] {
  const { password } = new URL(text);
  return password === "" ? [] : [password, decodeURIComponent(password)];
}

const secretsIn = (options: object): readonly string[] =>
  ["password", "sentinelPassword"]
    .map((name) => Reflect.get(options, name) as unknown)
    .filter((secret) => typeof secret === "string")
    .filter((secret) => secret !== "");
