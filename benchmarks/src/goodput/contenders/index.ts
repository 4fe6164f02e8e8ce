import type { Contender } from "../contender.ts";
import { headgate } from "./headgate.ts";

export type ContenderName = "headgate";

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  headgate,
};

export const contenderNames: readonly ContenderName[] = Object.keys(contenders) as ContenderName[];
