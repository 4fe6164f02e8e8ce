import { type Client, isCluster } from "../redis/connection.ts";

/**
 * Workers are found by the names of their blocking connections, as BullMQ's own `getWorkers` finds them: its name is
 * `<prefix>:<base64 of the queue>`, with `:w:<name>` where the worker has one. Ours all have one.
 */
const OURS = "headgate";

const connectionName = (prefix: string, queue: string): string => `${prefix}:${Buffer.from(queue).toString("base64")}`;

export const workerConnectionName = (prefix = "", queue: string, name?: string): string =>
  `${connectionName(prefix, queue)}:w:${OURS}${name ? `/${name}` : ""}`;

export interface ConnectedWorkers {
  readonly headgate: number;
  /** Plain BullMQ's: held by a shut gate, but they take no permits. One that was handed an unnamed connection is not seen. */
  readonly plain: number;
}

/** Pure: the workers of a queue in what CLIENT LIST answers. */
export function workersIn(list: string, prefix: string, queue: string): ConnectedWorkers {
  const own = connectionName(prefix, queue);
  const names = list.split("\n").flatMap((line) => /(?:^| )name=(\S+)/.exec(line)?.[1] ?? []);
  const workers = names.filter((name) => name === own || name.startsWith(`${own}:w:`));
  const headgate = workers.filter((name) => new RegExp(`:w:${OURS}(/|$)`).test(name)).length;
  return { headgate, plain: workers.length - headgate };
}

/** Null where the server does not say who is connected (CLIENT LIST is refused by ACL or by a hosted Redis). */
export async function connectedWorkers(
  client: Client,
  prefix: string,
  queue: string,
): Promise<ConnectedWorkers | null> {
  const nodes = isCluster(client) ? client.nodes("all") : [client];
  try {
    const lists = await Promise.all(nodes.map(async (node) => String(await node.client("LIST"))));
    return workersIn(lists.join("\n"), prefix, queue);
  } catch {
    return null;
  }
}
