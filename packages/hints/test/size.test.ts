import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

const MOST_BYTES = 15_000;

it("is under 15 kB minified, its parser included, and imports nothing else", async () => {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("../src/index.ts", import.meta.url)),
    platform: "browser",
  });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  expect(output).toHaveLength(1);
  expect(output[0].imports).toEqual([]);
  expect(output[0].code).toContain("insufficient_quota");
  expect(Buffer.byteLength(output[0].code)).toBeLessThan(MOST_BYTES);
});
