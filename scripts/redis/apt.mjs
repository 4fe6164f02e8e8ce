import { aptInstall } from "../apt.mjs";
import { isExecutable, TOOLS_BINARY } from "./find.mjs";

const TIMEOUT_MS = 180_000;

/** redis-tools and not redis-server: it holds the same binary, and installs no service that would start. */
export async function installRedisTools() {
  await aptInstall(["redis-tools"], TIMEOUT_MS);
  if (!isExecutable(TOOLS_BINARY)) throw new Error(`apt-get installed redis-tools, but there is no ${TOOLS_BINARY}`);
}
