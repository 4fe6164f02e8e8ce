import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";

const folder = fileURLToPath(new URL("../../lua/lib/", import.meta.url));
const INCLUDE = /^--- @include "([a-z-]+)"$/;

function part(name: string, seen: Set<string>): string {
  if (seen.has(name)) return "";
  seen.add(name);
  const lines = readFileSync(`${folder}${name}.lua`, "utf8").split("\n");
  return lines.map((line) => (INCLUDE.exec(line)?.[1] ? part(INCLUDE.exec(line)?.[1] ?? "", seen) : line)).join("\n");
}

/** What parts of the pure functions ask the site for; a test's site carries it. */
const SITE = `
local function cold(site) return site.cold end
local function each_name(site) return function() return nil end end`;

/** Parts of lua/lib with a driver under them that returns a table. Runs inside Redis, in virtual time. */
export function luaLib(client: Redis, parts: readonly string[], driver: string): (input: unknown) => Promise<unknown> {
  const seen = new Set<string>();
  const lua = `${SITE}
${parts.map((name) => part(name, seen)).join("\n")}
local input = cjson.decode(ARGV[1])
local function driver()
${driver}
end
return cjson.encode(driver())`;
  return async (input) => JSON.parse(String(await client.eval(lua, 0, JSON.stringify(input))));
}
