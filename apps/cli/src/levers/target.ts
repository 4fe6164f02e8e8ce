import type { Limiter, Queue } from "headgate";
import { headgateError } from "headgate/internal";
import type { LoadedConfig } from "../config/load.ts";

export type Target =
  | { readonly kind: "queue"; readonly name: string; readonly queue: Queue }
  | { readonly kind: "limiter"; readonly name: string; readonly limiter: Limiter };

type Known = Pick<LoadedConfig, "queues" | "limiters">;

/**
 * What a name on the command line means: `queue:name`, `limiter:name`, or a bare name.
 * A queue without a limiter of its own has one with its name, so a bare name means the queue when that limiter
 * serves nothing else; when it does, the two differ and the name has to say which.
 */
export function resolveTarget({ queues, limiters }: Known, text: string): Target {
  const [, kind, name = ""] = /^(?:(queue|limiter):)?(.*)$/s.exec(text) ?? [];
  const queue = kind === "limiter" ? undefined : queues.get(name)?.queue;
  const limiter = kind === "queue" ? undefined : limiters.get(name);
  if (queue !== undefined && limiter !== undefined && servesOthers(queues, name)) throw ambiguous(name);
  if (queue !== undefined) return { kind: "queue", name, queue };
  if (limiter !== undefined) return { kind: "limiter", name, limiter };
  throw unknownTarget(text, [
    ...[...queues.keys()].map((known) => `queue:${known}`),
    ...[...limiters.keys()].map((known) => `limiter:${known}`),
  ]);
}

function servesOthers(queues: Known["queues"], limiter: string): boolean {
  return [...queues.values()].some(({ queue }) => queue.limiter.name === limiter && queue.name !== limiter);
}

function ambiguous(name: string): Error {
  return headgateError("HG_TARGET_AMBIGUOUS", {
    message: `"${name}" is both a queue and a limiter that other queues share.`,
    expected: `queue:${name} or limiter:${name}`,
    got: name,
    fix: "say which one is meant",
  });
}

/** A config of fifty queues must not hide what is wrong behind their names. */
const NAMED_MOST = 12;

export function unknownTarget(text: string, known: readonly string[]): Error {
  const like = (name: string): boolean => name.toLowerCase().includes(text.toLowerCase().slice(0, 3));
  const nearest = [...known.filter(like), ...known.filter((name) => !like(name))].slice(0, NAMED_MOST);
  const more = known.length > nearest.length ? ` and ${known.length - nearest.length} more` : "";
  return headgateError("HG_TARGET_UNKNOWN", {
    message: `"${text}" is not in the config.`,
    expected: known.length === 0 ? "a config with queues" : `one of ${nearest.join(", ")}${more}`,
    got: text,
    fix: "correct the name, or add it to the config",
  });
}
