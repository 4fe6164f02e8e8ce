import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** A full collection, so that no run pays for the garbage of the one before; without a flag on the command line. */
export const collectGarbage: () => void = runInNewContext("gc") as () => void;
