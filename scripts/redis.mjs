// Where the two commands, the tests and the benchmarks get their Redis from. Node built-ins only: it runs before any
// dependency is used, and nothing here starts anything at import.
import { aptCanInstall } from "./apt.mjs";
import { installRedisTools } from "./redis/apt.mjs";
import { startPrivateCluster } from "./redis/cluster.mjs";
import { dockerAnswers, startInDocker } from "./redis/docker.mjs";
import { findServer, TOOLS_BINARY } from "./redis/find.mjs";
import { NO_REDIS, redisSources } from "./redis/order.mjs";
import { startPrivateRedis } from "./redis/private.mjs";
import { checkReachable } from "./redis/reachable.mjs";
import { startPrivateSentinels } from "./redis/sentinel.mjs";

export { startPrivateCluster, startPrivateRedis, startPrivateSentinels };

/**
 * @typedef {import("./redis/order.mjs").RedisSource} RedisSource
 * @typedef {object} ProvidedRedis
 * @property {string} url
 * @property {RedisSource} source
 * @property {() => Promise<void>} stop Idempotent. Leaves a Redis that came from REDIS_URL alone.
 */

/** What the user can act on: a message without a stack. */
export class NoRedisError extends Error {
  /** @override */
  name = "NoRedisError";
}

/**
 * A source that was found but does not work is announced on stderr, then the next one is tried. REDIS_URL is the
 * exception: who sets it wants that one.
 *
 * @returns {Promise<ProvidedRedis>}
 */
export async function provideRedis() {
  const url = process.env.REDIS_URL;
  const server = findServer(process.env.PATH);
  const local = Boolean(url || server);
  const sources = redisSources({
    url,
    server,
    docker: !local && (await dockerAnswers()),
    apt: !local && aptCanInstall(),
  });
  for (const source of sources) {
    if (source === "url") return await givenRedis(String(url));
    try {
      return { source, ...(await start(source, server)) };
    } catch (error) {
      announce(`no Redis from ${source}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new NoRedisError(NO_REDIS);
}

/** @param {string} url @returns {Promise<ProvidedRedis>} */
async function givenRedis(url) {
  const problem = await checkReachable(url);
  if (problem) throw new NoRedisError(problem);
  return { url, source: "url", stop: async () => undefined };
}

/** @param {RedisSource} source @param {string | undefined} server */
async function start(source, server) {
  if (source === "docker") return await startInDocker(announce);
  if (source === "apt") {
    announce("no Redis on this machine: installing Debian's redis-tools with apt-get (no service is started)");
    await installRedisTools();
    return await startPrivateRedis({ server: TOOLS_BINARY });
  }
  return await startPrivateRedis(server === undefined ? {} : { server });
}

/** @param {string} line */
function announce(line) {
  process.stderr.write(`headgate: ${line}\n`);
}
