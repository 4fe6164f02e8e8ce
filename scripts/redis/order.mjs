/**
 * @typedef {"url" | "server" | "docker" | "apt"} RedisSource
 * @typedef {object} RedisFacts
 * @property {string | undefined} url REDIS_URL; empty counts as unset
 * @property {string | undefined} server a server binary on this machine
 * @property {boolean} docker a Docker daemon answers
 * @property {boolean} apt root on Debian or Ubuntu
 */

export const NO_REDIS = `no Redis found, and none can be started here. Do one of these, then run the command again:
  - install one:     apt-get install redis-server   (or: brew install redis, dnf install valkey)
  - start Docker:    docker compose up -d redis     then: export REDIS_URL=redis://127.0.0.1:6379
  - use your own:    export REDIS_URL=redis://host:6379   (maxmemory-policy must be noeviction)`;

/**
 * The sources to try, in this order. REDIS_URL stands alone: falling back to another server would hide that it is wrong.
 *
 * @param {RedisFacts} facts
 * @returns {RedisSource[]}
 */
export function redisSources(facts) {
  if (facts.url) return ["url"];
  /** @type {RedisSource[]} */
  const sources = [];
  if (facts.server) sources.push("server");
  if (facts.docker) sources.push("docker");
  if (facts.apt) sources.push("apt");
  return sources;
}
