import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

/** Of the package's own code; docs/decisions/0005-structured-fields.md tells what the parser adds. */
const MOST_BYTES = 17_000;
const MOST_BYTES_OVER_THE_WIRE = 10_000;

async function bundled(external: string[]) {
  const input = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  const bundle = await rolldown({ input, platform: "browser", external });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  expect(output).toHaveLength(1);
  expect(output[0].code).toContain("insufficient_quota");
  return output[0];
}

it("its own code is small, and imports nothing but its parser", async () => {
  const { code, imports } = await bundled(["structured-headers"]);
  expect(imports).toEqual(["structured-headers"]);
  expect(Buffer.byteLength(code)).toBeLessThan(MOST_BYTES);
});

it("all of it, parser included, is small when compressed, and imports nothing", async () => {
  const { code, imports } = await bundled([]);
  expect(imports).toEqual([]);
  expect(gzipSync(code).length).toBeLessThan(MOST_BYTES_OVER_THE_WIRE);
});
