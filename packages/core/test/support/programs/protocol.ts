import { defineLimiter, defineQueue, type Limiter, type LimiterOptions, type Queue, type QueueOptions } from "headgate";
import type { LevelChange, RefusalReason } from "headgate/producer";
import type { WorkerOptions } from "headgate/worker";
import type { Task } from "./task.ts";

/** A limiter and a queue as plain data, so that every process of a test defines the very same ones. */
export interface Definition {
  readonly namespace: string;
  readonly limiter: string;
  readonly limiterOptions?: Omit<LimiterOptions, "namespace">;
  readonly queue: string;
  readonly queueOptions?: Omit<QueueOptions<Task, Task>, "limiter" | "payload" | "cost">;
}

export function define({ namespace, limiter, limiterOptions, queue, queueOptions }: Definition): {
  readonly limiter: Limiter;
  readonly queue: Queue<Task, Task>;
} {
  const defined = defineLimiter(limiter, { ...limiterOptions, namespace });
  return { limiter: defined, queue: defineQueue<Task>(queue, { ...queueOptions, limiter: defined }) };
}

/** What a program is started with. */
export interface Orders {
  readonly url: string;
  readonly definition: Definition;
  readonly worker?: Omit<WorkerOptions, "connection">;
  /** Worker: take jobs and never finish them. */
  readonly hang?: boolean;
  /** Worker: stand still for so long in each run, event loop and all. */
  readonly blockMs?: number;
  /** Producer: how many `createProducer` there are in the process. */
  readonly producers?: number;
}

/** One job that a producer process is told to enqueue. */
export interface Wish {
  readonly task: Task;
  readonly id?: string;
  readonly delay?: number;
  readonly priority?: number;
}

/** Parent to child. */
export type Command =
  | { readonly do: "enqueue"; readonly wishes: readonly Wish[]; readonly onPressure: "wait" | "refuse" }
  | { readonly do: "close" };

/** Child to parent. */
export type Report =
  | { readonly event: "ready" }
  | { readonly event: "started"; readonly id: string; readonly attempt: number; readonly deferrals: number }
  | { readonly event: "completed"; readonly id: string }
  | { readonly event: "failed"; readonly id: string; readonly final: boolean; readonly message: string }
  | { readonly event: "deferred"; readonly id: string; readonly deferrals: number; readonly delayMs: number }
  | { readonly event: "level"; readonly change: LevelChange; readonly at: number }
  | { readonly event: "error"; readonly message: string }
  | {
      readonly event: "enqueued";
      readonly accepted: readonly string[];
      readonly refusals: Partial<Record<RefusalReason, number>>;
      /** Messages of what was thrown: pressure never throws. */
      readonly thrown: readonly string[];
    };
