import type { Contender } from "../contender.ts";
import { aimd } from "./aimd.ts";
import { awsAdaptive } from "./aws-adaptive.ts";
import { bottleneck } from "./bottleneck.ts";
import { bullmqBackoff } from "./bullmq-backoff.ts";
import { bullmqRecipe } from "./bullmq-recipe.ts";
import { bullmqStatic } from "./bullmq-static.ts";
import { headgate } from "./headgate.ts";

export type ContenderName =
  | "headgate"
  | "bullmq-recipe"
  | "bullmq-backoff"
  | "bullmq-static"
  | "bottleneck"
  | "aws-adaptive"
  | "aimd";

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  headgate,
  "bullmq-recipe": bullmqRecipe,
  "bullmq-backoff": bullmqBackoff,
  "bullmq-static": bullmqStatic,
  bottleneck,
  "aws-adaptive": awsAdaptive,
  aimd,
};

export const contenderNames: readonly ContenderName[] = Object.keys(contenders) as ContenderName[];
