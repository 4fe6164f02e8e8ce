import { describe, expect, test } from "vitest";
import { isDebian } from "../apt.mjs";
import { dockerTarget } from "../redis/docker.mjs";
import { findServer, TOOLS_BINARY } from "../redis/find.mjs";
import { redisSources } from "../redis/order.mjs";
import { checkReachable } from "../redis/reachable.mjs";

const all = { url: "redis://127.0.0.1:6379", server: "/usr/bin/redis-server", docker: true, apt: true };
const nothing = { url: undefined, server: undefined, docker: false, apt: false };

describe("the order of sources", () => {
  test.each([
    ["REDIS_URL alone, whatever else there is", all, ["url"]],
    ["an empty REDIS_URL counts as unset", { ...all, url: "" }, ["server", "docker", "apt"]],
    ["Docker before apt", { ...nothing, docker: true, apt: true }, ["docker", "apt"]],
    ["apt last", { ...nothing, apt: true }, ["apt"]],
    ["nothing", nothing, []],
  ])("%s", (_, facts, expected) => {
    expect(redisSources(facts)).toEqual(expected);
  });
});

const searches: [path: string | undefined, present: string[], expected: string | undefined][] = [
  ["/a:/b", ["/b/redis-server", "/a/valkey-server"], "/b/redis-server"],
  ["/a:/b", ["/b/valkey-server", TOOLS_BINARY], "/b/valkey-server"],
  ["/a", [TOOLS_BINARY], TOOLS_BINARY],
  ["/a", [], undefined],
  [undefined, ["redis-server"], undefined],
];

test.each(searches)("on PATH %s with %j the server is %s", (path, present, expected) => {
  expect(findServer(path, (file) => present.includes(file))).toBe(expected);
});

test.each([
  ["ID=debian\n", true],
  ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
  ["ID=fedora\n", false],
  ["", false],
])("Debian or a child of it: %j is %s", (release, expected) => {
  expect(isDebian(release)).toBe(expected);
});

test("Docker is asked where DOCKER_HOST says", () => {
  expect(dockerTarget(undefined)).toEqual({ socketPath: "/var/run/docker.sock" });
  expect(dockerTarget("unix:///run/user/1000/docker.sock")).toEqual({ socketPath: "/run/user/1000/docker.sock" });
  expect(dockerTarget("tcp://10.0.0.2:2375")).toEqual({ host: "10.0.0.2", port: 2375 });
  expect(dockerTarget("ssh://host")).toBeUndefined();
});

test("a REDIS_URL that cannot work says why, and shows no password", async () => {
  expect(await checkReachable("localhost")).toContain("is no URL");
  expect(await checkReachable("http://127.0.0.1:6379")).toContain("starts with http:");
  const refused = await checkReachable("redis://:secret@127.0.0.1:1");
  expect(refused).toContain("nothing answers at 127.0.0.1:1 (ECONNREFUSED)");
  expect(refused).not.toContain("secret");
});

test("the run's own Redis is reachable", async () => {
  expect(await checkReachable(String(process.env.REDIS_URL))).toBeUndefined();
});
