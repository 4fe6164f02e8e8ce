import { headgateError } from "headgate/internal";
import type { Connection } from "headgate/worker";
import { redactUrl } from "../output/redact.ts";

export function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol);
}

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
  if (isRedisUrl(url)) return url;
  throw headgateError(code, {
    message: `${source} is no Redis URL.`,
    expected: "redis://host, redis://host:port/db, user and password before an @; rediss:// for TLS",
    got: JSON.stringify(redactUrl(url)),
    fix: `correct ${source}`,
  });
}

/** What must never be printed about a connection. */
export function secretsOf(connection: Connection | undefined): readonly string[] {
  if (connection === undefined) return [];
  if (typeof connection === "string") {
    if (!URL.canParse(connection)) return [];
    const { password } = new URL(connection);
    return password === "" ? [] : [password, decodeURIComponent(password)];
  }
  const options = "options" in connection ? connection.options : connection;
  const { password } = options as { readonly password?: unknown };
  return typeof password === "string" && password !== "" ? [password] : [];
}
