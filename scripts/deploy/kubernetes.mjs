import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../run/root.mjs";
import { claim } from "./report.mjs";
import { must, sh } from "./sh.mjs";

/** @typedef {import("./check.mjs").Stage} Stage */

const MANIFESTS = join(root, "deploy/kubernetes");
/** Generated from the OpenAPI documents of Kubernetes, and from KEDA's resource definitions. */
const SCHEMAS = ["kubernetes-models@5.1.0", "@kubernetes-models/keda@2.0.0", "yaml@2.9.1", "typescript@7.0.2"];
const OWN = /** @type {Record<string, string>} */ ({ "keda.sh/v1alpha1": "@kubernetes-models/keda/keda.sh/v1alpha1" });

/** Every manifest against the schema of its kind, and against its type, which also finds fields that there are not. @param {Stage} stage */
export async function tryKubernetes({ folder }) {
  const own = join(folder, "kubernetes");
  mkdirSync(own);
  writeFileSync(join(own, "package.json"), '{"private":true,"type":"module"}');
  await must("npm", ["install", "--no-audit", "--no-fund", ...SCHEMAS], { cwd: own });
  // A module in there, so that names mean what is installed there.
  writeFileSync(join(own, "load.mjs"), "export const load = (name) => import(name);\n");
  const { load } = await import(pathToFileURL(join(own, "load.mjs")).href);
  const { parseAllDocuments } = await load("yaml");

  for (const file of readdirSync(MANIFESTS)) {
    for (const document of parseAllDocuments(readFileSync(join(MANIFESTS, file), "utf8"))) {
      const manifest = document.toJS();
      const source = OWN[manifest.apiVersion] ?? `kubernetes-models/${manifest.apiVersion}`;
      const { [manifest.kind]: Model } = await load(source);
      claim(
        `${file}: ${manifest.kind} fits its schema`,
        valid(Model, manifest) === "",
        valid(Model, manifest) || undefined,
      );
      const extra = await unknownFields(own, source, manifest);
      claim(`${file}: ${manifest.kind} has no field that there is not`, extra === "", extra || undefined);
      const misspelled = await unknownFields(own, source, { ...manifest, sepc: {} });
      claim(`${file}: a field too many would be found`, misspelled.includes("sepc"));
    }
  }
}

/** @param {new (manifest: object) => { validate(): void }} Model @param {object} manifest */
function valid(Model, manifest) {
  try {
    new Model(manifest).validate();
    return "";
  } catch (error) {
    return String(error);
  }
}

/** @param {string} own @param {string} source @param {{ kind: string }} manifest */
async function unknownFields(own, source, manifest) {
  const text = `import type { I${manifest.kind} } from "${source}";\nexport default ${JSON.stringify(manifest)} satisfies I${manifest.kind};\n`;
  writeFileSync(join(own, "manifest.ts"), text);
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"];
  const { code, output } = await sh("npx", ["tsc", ...flags, "manifest.ts"], { cwd: own });
  return code === 0 ? "" : output;
}
