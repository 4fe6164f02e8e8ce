import { ask, eventually, tell } from "./ask.mjs";
import { startPrivateRedis } from "./private.mjs";

/** @typedef {import("./private.mjs").PrivateRedis} PrivateRedis */

const SLOTS = 16_384;
/** A line may have 64 KB; all slots are more. (Ranges of them need Redis 7.) */
const SLOTS_A_LINE = 4_096;

/**
 * A Redis Cluster of our own, on loopback: masters that share the slots evenly, each with so many replicas.
 *
 * @param {{ masters?: number, replicas?: number, nodeTimeoutMs?: number }} [options]
 * @returns {Promise<{ url: string, masters: PrivateRedis[], replicas: PrivateRedis[], stop: () => Promise<void> }>}
 */
export async function startPrivateCluster({ masters: count = 1, replicas: each = 0, nodeTimeoutMs = 1_000 } = {}) {
  const args = [
    "--cluster-enabled",
    "yes",
    "--cluster-config-file",
    "nodes.conf",
    "--cluster-announce-ip",
    "127.0.0.1",
  ];
  // A primary waits 5 s for more replicas before it sends them its data.
  args.push("--cluster-node-timeout", String(nodeTimeoutMs), "--repl-diskless-sync-delay", "0");
  const nodes = await startAll(count * (1 + each), args);
  const [masters, replicas] = [nodes.slice(0, count), nodes.slice(count)];
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    await joinAll(masters, replicas);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    masters,
    replicas,
    stop,
  };
}

/** @param {number} count @param {readonly string[]} args */
async function startAll(count, args) {
  /** @type {PrivateRedis[]} */
  const nodes = [];
  // Nodes talk to each other on their port and 10,000, which a high one has no room for.
  while (nodes.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    await startPrivateRedis({ args, port }).then(
      (node) => nodes.push(node),
      (error) => {
        if (!String(error).includes("Address already in use")) throw error;
      },
    );
  }
  return nodes;
}

/** @param {readonly PrivateRedis[]} masters @param {readonly PrivateRedis[]} replicas */
async function joinAll(masters, replicas) {
  const all = [...masters, ...replicas];
  const [first] = all;
  for (const [index, { port }] of all.entries()) {
    await tell(port, "CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    if (port !== first?.port) await tell(port, "CLUSTER", "MEET", "127.0.0.1", first?.port ?? 0);
  }
  for (const [index, { port }] of masters.entries()) {
    const [from, to] = [index, index + 1].map((at) => Math.floor((at * SLOTS) / masters.length));
    await addSlots(port, Number(from), Number(to));
  }
  await eventually("every node knows every other", async () => {
    const infos = await Promise.all(all.map(({ port }) => ask(port, "CLUSTER", "INFO")));
    return infos.every((info) => info.includes(`cluster_known_nodes:${all.length}\r`));
  });
  for (const [index, { port }] of replicas.entries()) {
    const master = masters[index % masters.length];
    await tell(port, "CLUSTER", "REPLICATE", await idOf(master?.port ?? 0));
    await eventually("a replica is in step", async () =>
      (await ask(port, "INFO", "replication")).includes("master_link_status:up"),
    );
  }
  await eventually("the cluster serves every slot", async () => {
    const infos = await Promise.all(all.map(({ port }) => ask(port, "CLUSTER", "INFO")));
    return infos.every((info) => info.includes("cluster_state:ok"));
  });
}

/** @param {number} port @param {number} from @param {number} to the slot after the last */
async function addSlots(port, from, to) {
  for (let at = from; at < to; at += SLOTS_A_LINE) {
    const slots = Array.from({ length: Math.min(SLOTS_A_LINE, to - at) }, (_, index) => at + index);
    await tell(port, "CLUSTER", "ADDSLOTS", ...slots);
  }
}

/** @param {number} port */
async function idOf(port) {
  return /[0-9a-f]{40}/.exec(await ask(port, "CLUSTER", "MYID"))?.[0] ?? "";
}
