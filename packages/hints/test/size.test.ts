import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

/** Of the package's own code; docs/decisions/0005-structured-fields.md tells what the parser adds. */
const MOST_BYTES = 15_000;

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const source = (file: string): string => fileURLToPath(new URL(`../src/${file}.ts`, import.meta.url));

/** What an import costs in a bundle for browsers. */
async function bundled(wanted: string, file: string, external: string[]) {
  const bundle = await rolldown({
    input: "entry",
    platform: "browser",
    external,
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? id : null),
        load: (id) => (id === "entry" ? `export ${wanted} from ${JSON.stringify(source(file))};` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  expect(output).toHaveLength(1);
  const [{ code, imports }] = output;
  return { bytes: Buffer.byteLength(code), gzip: gzipSync(code).length, imports, code };
}

it.each([
  ["*", "@headgate/hints", "index"],
  ["{ parseHints, classifyError }", "@headgate/hints", "index"],
  ["{ parseHints }", "@headgate/hints", "index"],
  ["{ providers }", "@headgate/hints/providers", "providers"],
  ["{ retriesOff }", "@headgate/hints/retries-off", "retries-off"],
])("the README says what `%s` of %s costs", async (wanted, entry, file) => {
  const own = await bundled(wanted, file, ["structured-headers"]);
  const whole = await bundled(wanted, file, []);
  const row = readme.split("\n").find((line) => line.includes(`\`import ${wanted} from "${entry}"\``));
  const said = Array.from(row?.matchAll(/ ([\d.]+) kB /g) ?? [], ([, number]) => Number(number));
  expect(said).toHaveLength(3);
  // Rounded, and gzip's level of effort differs between versions of Node.
  for (const [index, bytes] of [own.bytes, whole.bytes, whole.gzip].entries()) {
    expect(Math.abs((said[index] ?? 0) - bytes / 1_000), `${bytes} bytes`).toBeLessThanOrEqual(0.1);
  }
  expect(whole.imports).toEqual([]);
  expect(own.bytes).toBeLessThan(MOST_BYTES);
  if (file === "index") expect(own.imports).toEqual(["structured-headers"]);
});

it("what is measured is the code", async () => {
  const { code } = await bundled("*", "index", []);
  for (const word of ["insufficient_quota", "anthropic-", "retryDelay", "ratelimit"]) expect(code).toContain(word);
});
