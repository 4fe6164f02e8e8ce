import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, eventually } from "./ask.mjs";
import { startPrivateRedis } from "./private.mjs";

/** @typedef {import("./private.mjs").PrivateRedis} PrivateRedis */

const NAME = "headgate";

/**
 * A primary with replicas, watched by sentinels, on loopback.
 *
 * @param {{ sentinels?: number, replicas?: number, args?: readonly string[], downAfterMs?: number }} [options] args: of the primary
 *   and the replicas
 * @returns {Promise<{ url: string, primary: PrivateRedis, replicas: PrivateRedis[], sentinels: PrivateRedis[], stop: () => Promise<void> }>}
 */
export async function startPrivateSentinels({
  sentinels: count = 3,
  replicas: behind = 1,
  args = [],
  downAfterMs = 1_000,
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), "headgate-sentinel-"));
  // A primary waits 5 s for more replicas before it sends them its data.
  const primary = await startPrivateRedis({ args: ["--repl-diskless-sync-delay", "0", ...args] });
  /** @type {PrivateRedis[]} */
  const replicas = [];
  /** @type {PrivateRedis[]} */
  const sentinels = [];
  const stop = async () => {
    await Promise.all([...sentinels, ...replicas, primary].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < behind; index += 1) {
      replicas.push(await startPrivateRedis({ args: [...args, "--replicaof", "127.0.0.1", String(primary.port)] }));
    }
    await eventually("the replicas are in step", async () =>
      (await ask(primary.port, "INFO", "replication")).includes(`connected_slaves:${behind}\r`),
    );
    for (let index = 0; index < count; index += 1) {
      // A sentinel writes what it learns into its own configuration.
      const config = join(folder, `${index}.conf`);
      writeFileSync(config, configOf(primary.port, Math.floor(count / 2) + 1, downAfterMs));
      sentinels.push(await startPrivateRedis({ config, args: ["--sentinel"] }));
    }
    await eventually("the sentinels know each other and the replicas", async () => {
      const masters = await Promise.all(sentinels.map(({ port }) => ask(port, "SENTINEL", "MASTER", NAME)));
      return masters.every(
        (text) => fieldOf(text, "num-other-sentinels") === count - 1 && fieldOf(text, "num-slaves") === behind,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  return { url: `redis+sentinel://${hosts}/${NAME}`, primary, replicas, sentinels, stop };
}

/** @param {number} port @param {number} quorum @param {number} downAfterMs */
const configOf = (port, quorum, downAfterMs) => `sentinel monitor ${NAME} 127.0.0.1 ${port} ${quorum}
sentinel down-after-milliseconds ${NAME} ${downAfterMs}
sentinel failover-timeout ${NAME} 10000
`;

/** @param {string} reply @param {string} field */
const fieldOf = (reply, field) => Number(new RegExp(`${field}\r\n\\$\\d+\r\n(\\d+)`).exec(reply)?.[1]);
