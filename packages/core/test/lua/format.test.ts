import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const text = readFileSync(new URL("../../lua/lib/site.lua", import.meta.url), "utf8");
const format = /^local FORMAT = "(\d+)"$/m.exec(text)?.[1];

/** What is packed, and in which order, without comments and blanks. */
const packed = ["hot_of", "hot_pack", "pulse_of", "pulse_pack", "plan_of"]
  .map((name) => new RegExp(`^local function ${name}\\b[^]*?^end$`, "m").exec(text)?.[0] ?? "")
  .join("\n")
  .replace(/--.*$/gm, "")
  .replace(/\s+/g, " ");

it("a packed field that comes, goes or moves is a new FORMAT: raise it in site.lua, and set this hash", () => {
  const hash = createHash("sha256").update(packed).digest("hex").slice(0, 12);
  expect({ format, hash }).toEqual({ format: "2", hash: "378b936f888f" });
});
