import type { Scenario } from "./scenario.ts";

/** What a contender is set up with, in every one of its processes. */
export interface Setting {
  readonly connection: string;
  /** Its keys begin with this, or hold it as their hash tag: nobody else's do. */
  readonly namespace: string;
  readonly scenario: Scenario;
  /** The API. */
  readonly url: string;
}

/** What a process does; both may be called again and again, by turns. What it has learned it keeps. */
export interface Part {
  start(): Promise<void>;
  /** When it resolves nothing runs any more. */
  stop(): Promise<void>;
}

/** The one producer of a contender: keeps the queue fed. `start` resolves when the first job is in. */
export interface Feeder extends Part {
  /** Jobs per second from now on; `null`: as many as the queue takes. */
  demand(perSecond: number | null): void;
  /** Keys of the jobs that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
}

export interface Contender {
  /** Where its queue's keys are: BullMQ's, in all contenders. */
  readonly base: (setting: Setting) => string;
  readonly feeder: (setting: Setting) => Feeder;
  readonly worker: (setting: Setting) => Part;
}

export interface Payload {
  readonly tokens: number;
}

/** In flight in one worker process; four of them could call 570 times a second at a mean latency of 175 ms. */
export const CONCURRENCY = 25;
export const PROCESSES = 4;
/** Jobs that wait, more or less, in every contender's queue. */
export const BACKLOG = 1_000;

export function nextPayload({ scenario: { tokens } }: Setting): Payload {
  return { tokens: tokens.least + Math.floor(Math.random() * (tokens.most - tokens.least + 1)) };
}
