// Imported in the process of a sandbox: loads a processor as the config itself is loaded, TypeScript without a build.
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

export const load = (url: string): Promise<unknown> => {
  const file = fileURLToPath(url);
  return createJiti(file, { moduleCache: true, interopDefault: true }).import(file);
};
