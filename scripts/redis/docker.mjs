import { existsSync } from "node:fs";
import { request } from "node:http";

const IMAGE = "redis:7.4-alpine";
const PING_MS = 1_000;

/** Whether a daemon answers at DOCKER_HOST (tcp or unix) or the usual socket. Never waits longer than a second. */
export async function dockerAnswers() {
  const target = dockerTarget(process.env.DOCKER_HOST);
  if (target === undefined || ("socketPath" in target && !existsSync(target.socketPath))) return false;
  return await new Promise((resolve) => {
    const ping = request({ ...target, path: "/_ping", timeout: PING_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once("timeout", () => ping.destroy(new Error("timeout")));
    ping.once("error", () => resolve(false));
    ping.end();
  });
}

/**
 * @param {string | undefined} host
 * @returns {{ socketPath: string } | { host: string, port: number } | undefined} undefined: a kind we do not speak (ssh, TLS)
 */
export function dockerTarget(host) {
  if (!host) return { socketPath: "/var/run/docker.sock" };
  const url = new URL(host);
  if (url.protocol === "unix:") return { socketPath: url.pathname };
  if (url.protocol === "tcp:" || url.protocol === "http:")
    return { host: url.hostname, port: Number(url.port || 2375) };
  return undefined;
}

/** @param {(line: string) => void} announce */
export async function startInDocker(announce) {
  announce(`no Redis on this machine: starting ${IMAGE} in Docker`);
  // Lazy: importing it takes a good second, and it is an optional dependency.
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(IMAGE)
    .withCommand([
      "redis-server",
      "--save",
      "",
      "--appendonly",
      "no",
      "--protected-mode",
      "no",
      "--maxmemory-policy",
      "noeviction",
    ])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
    .start();
  let stopped = false;
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => {
      if (stopped) return;
      stopped = true;
      await container.stop();
    },
  };
}
