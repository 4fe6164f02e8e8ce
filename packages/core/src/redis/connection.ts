import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { headgateError } from "../errors.ts";
import { readAddress } from "./address.ts";
import { fewWrites } from "./few-writes.ts";
import { refusalOf, rootOf } from "./refusal.ts";

/**
 * Where Redis is: a URL (`redis://…`, `redis+sentinel://host,host/name`, `redis+cluster://host,host`, with `rediss` for TLS), ioredis
 * options, or an ioredis client. A client is a template: it is duplicated, never used or closed.
 */
export type Connection = string | RedisOptions | Redis | Cluster;
export type Client = Redis | Cluster;

/** How long a start waits for Redis before it fails (ms). */
const CONNECT_TIMEOUT_MS = 5_000;
const QUIT_TIMEOUT_MS = 2_000;
const RECONNECT_MS = 1_000;
/** How long a connection that is open may say nothing (ms): ioredis itself waits for ever for the answer to its first question. */
const SILENT_MS = 5_000;
/**
 * How often a cluster is asked again, every 100 ms while a node is away: ioredis' 16 are over after 1.6 s, and a failover takes
 * `cluster-node-timeout` (15 s) and a few seconds more.
 */
const MOST_REDIRECTIONS = 600;

const isClient = (connection: Connection): connection is Client =>
  typeof connection === "object" && typeof (connection as Client).defineCommand === "function";

const keyPrefixOf = (connection: Exclude<Connection, string>): string | undefined =>
  isClient(connection)
    ? (connection.options as { keyPrefix?: string }).keyPrefix
    : (connection as RedisOptions).keyPrefix;

/**
 * Opens a connection of our own. Commands that lost their connection are sent again (`maxRetriesPerRequest: null`, as
 * BullMQ needs it): every script is safe to be sent twice. `connectionName` is what CLIENT LIST shows of it.
 */
export function openClient(connection: Connection, connectionName?: string): Client {
  if (typeof connection !== "string" && keyPrefixOf(connection)) {
    throw headgateError("HG_KEY_PREFIX_UNSUPPORTED", { got: keyPrefixOf(connection) });
  }
  // The options' type has optional properties that exactOptionalPropertyTypes keeps from being spread: hence the casts.
  const own: RedisOptions = {
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    ...(connectionName === undefined ? {} : { connectionName }),
    reconnectOnError: replicaLeaver(),
    // First retry after 50 ms, then at most every half second: a fleet has to resume within 2 s of Redis' return, and a worker's two
    // connections come back one after the other (with a whole second it took up to 1.7 s).
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times - 1, 10), 500),
  };
  if (typeof connection === "string") {
    const address = readAddress(connection);
    if (address.kind === "single") return watched(new Redis(address.url, own as never));
    if (address.kind === "sentinel") return watched(new Redis({ ...address.options, ...own } as never));
    return new Cluster([...address.nodes], clusterOptions({ ...address.options, ...own }) as never);
  }
  if (!isClient(connection)) return watched(new Redis({ ...connection, ...own } as never));
  if (isCluster(connection)) {
    return connection.duplicate(undefined, clusterOptions(own) as never);
  }
  return watched(connection.duplicate(own));
}

function watched(client: Redis): Redis {
  let timer: NodeJS.Timeout | undefined;
  client.on("connect", () => {
    clearTimeout(timer);
    timer = setTimeout(() => reopen(client), SILENT_MS).unref();
  });
  for (const event of ["ready", "close"]) client.on(event, () => clearTimeout(timer));
  return fewWrites(client);
}

/** Another connection in place of one that does not answer; what was not answered is sent again there. */
export function reopen(client: Client): void {
  if (client.status === "ready" || client.status === "connect") client.disconnect(true);
}

/** Not by `instanceof`: a template may be of another copy of ioredis. */
export const isCluster = (client: Client): client is Cluster => client.isCluster;

function clusterOptions({ retryStrategy, ...redisOptions }: RedisOptions): ClusterOptions {
  return {
    redisOptions: redisOptions as never,
    clusterRetryStrategy: retryStrategy as never,
    maxRedirections: MOST_REDIRECTIONS,
  };
}

/** After a failover a connection may be to what has become a replica: connect anew, and not with every one of its answers. */
function replicaLeaver(): (error: Error) => boolean {
  let leftAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (!error.message.startsWith("READONLY") || performance.now() - leftAt < RECONNECT_MS) return false;
    leftAt = performance.now();
    return true;
  };
}

/** Where a client points, without credentials. */
export function addressOf(client: Client): string {
  if (isCluster(client)) return `cluster of ${client.nodes().map(nodeText).join(", ") || "unknown nodes"}`;
  const { sentinels, name, path } = client.options;
  if (sentinels) return `"${name}" of sentinels ${sentinels.map(({ host, port }) => `${host}:${port}`).join(", ")}`;
  return path ?? nodeText(client);
}

const nodeText = ({ options: { host, port } }: Redis): string => `${host ?? "127.0.0.1"}:${port ?? 6379}`;

/**
 * Resolves when the client can be used.
 * @throws HG_REDIS_UNREACHABLE when that takes too long; at once HG_REDIS_TLS or HG_REDIS_AUTH, which waiting does not mend
 */
export async function connected(client: Client, timeoutMs: number = CONNECT_TIMEOUT_MS): Promise<void> {
  if (client.status === "ready") return;
  let last: unknown;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      client.off("ready", onReady);
      client.off("error", onError);
      client.off("sentinelError", onSentinelError);
      client.off("end", onEnd);
      if (error) reject(error);
      else resolve();
    };
    const unreachable = () =>
      headgateError("HG_REDIS_UNREACHABLE", { got: `${addressOf(client)}: ${reasonOf(last)}`, cause: last });
    const onReady = () => settle();
    const onError = (error: Error) => {
      // "All sentinels are unreachable" says less than what each of them answered.
      if (!error.message?.startsWith("All sentinels")) last = error;
      const refusal = refusalOf(error, addressOf(client));
      if (refusal) settle(refusal);
    };
    const onSentinelError = (error: Error) => {
      last = error;
    };
    const onEnd = () => settle(unreachable());
    const timer = setTimeout(() => settle(unreachable()), timeoutMs);
    client.on("ready", onReady);
    client.on("error", onError);
    client.on("sentinelError", onSentinelError);
    client.on("end", onEnd);
    if (client.status === "wait") client.connect().catch(onError);
  });
}

function reasonOf(error: unknown): string {
  if (error === undefined) return "no answer";
  const { code, message } = rootOf(error);
  return code ?? message ?? "unknown error";
}

/** Ends a client: politely when it is connected, at once when not. */
export async function closeClient(client: Client): Promise<void> {
  if (client.status === "end") return;
  if (client.status === "ready") {
    // A Redis that hangs does not answer that either.
    const late = setTimeout(() => client.disconnect(), QUIT_TIMEOUT_MS);
    await client.quit().catch(() => client.disconnect());
    clearTimeout(late);
    return;
  }
  client.disconnect();
}
