import { headgateError } from "../errors.ts";
import type { Client } from "./connection.ts";

export interface Server {
  readonly version: string;
  /** Redis 7 and Valkey let a script that only frees memory run when memory is full. */
  readonly scriptFlags: boolean;
  readonly policy: string | null;
}

const LEAST_VERSION = [6, 2] as const;

const field = (info: string, name: string): string | null =>
  new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim() ?? null;

/** Pure: what a server's INFO says, or the error that a start with it must be. */
export function readServer(info: string): Server {
  const valkey = field(info, "valkey_version");
  const version = valkey ?? field(info, "redis_version") ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!valkey && (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))) {
    throw headgateError("HG_REDIS_VERSION", { expected: LEAST_VERSION.join("."), got: version });
  }
  const policy = field(info, "maxmemory_policy");
  if (policy !== null && policy !== "noeviction") {
    throw headgateError("HG_REDIS_EVICTION", { got: policy });
  }
  return { version, scriptFlags: valkey !== null || major >= 7, policy };
}

export async function checkServer(client: Client): Promise<Server> {
  // Two sections in one call need Redis 7; two calls work everywhere.
  const [server, memory] = await Promise.all([client.info("server"), client.info("memory")]);
  return readServer(`${server}\n${memory}`);
}
