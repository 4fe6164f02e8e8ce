import { connect } from "node:net";

const TIMEOUT_MS = 3_000;

/**
 * Only whether something listens there. What it is, and whether it will do, Headgate checks itself when it connects.
 *
 * @param {string} url
 * @returns {Promise<string | undefined>} what is wrong
 */
export async function checkReachable(url) {
  let target;
  try {
    target = new URL(url);
  } catch {
    return "REDIS_URL is set, but is no URL. Expected redis://host:6379, or unset it to get a private Redis.";
  }
  if (target.protocol !== "redis:" && target.protocol !== "rediss:") {
    return `REDIS_URL is set, but starts with ${target.protocol} Expected redis:// or rediss://, or unset it to get a private Redis.`;
  }
  const host = target.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1";
  const port = Number(target.port || 6379);
  const problem = await refusal(host, port);
  if (problem === undefined) return undefined;
  return `REDIS_URL is set, but nothing answers at ${host}:${port} (${problem}). Start it, or unset REDIS_URL to get a private Redis.`;
}

/** @param {string} host @param {number} port @returns {Promise<string | undefined>} */
function refusal(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    /** @param {string} [problem] */
    const done = (problem) => {
      socket.destroy();
      resolve(problem);
    };
    socket.once("connect", () => done());
    socket.once("timeout", () => done(`no answer in ${TIMEOUT_MS / 1_000} s`));
    socket.once("error", (error) => done("code" in error ? String(error.code) : error.message));
  });
}
