import { Child } from "../process/child.ts";
import type { Heard } from "./producer-process.ts";
import type { Setting } from "./queue.ts";

export interface Taken {
  readonly heard: readonly Heard[];
  readonly admitted: readonly number[];
}

/** Processes that start take the cores from each other. */
const STARTS_AT_ONCE = 4;

/** Many producers and one worker, each in a process of its own. */
export class Fleet {
  readonly producers: readonly Child[];
  readonly worker: Child;

  private constructor(producers: readonly Child[], worker: Child) {
    this.producers = producers;
    this.worker = worker;
  }

  static async start(setting: Setting, count: number, waiters: number): Promise<Fleet> {
    const producers: Child[] = [];
    const fleet = new Fleet(producers, new Child("worker", "producers/worker-process", setting));
    for (let first = 0; first < count; first += STARTS_AT_ONCE) {
      const some = Array.from(
        { length: Math.min(STARTS_AT_ONCE, count - first) },
        (_, index) => new Child(`producer ${first + index}`, "producers/producer-process", { ...setting, waiters }),
      );
      producers.push(...some);
      await Promise.all(some.map((each) => each.ask("ready")));
    }
    return fleet;
  }

  all<T = void>(what: string): Promise<T[]> {
    return Promise.all(this.producers.map((each) => each.ask<T>(what)));
  }

  async end(): Promise<void> {
    await Promise.all([...this.producers, this.worker].map((each) => each.end()));
  }
}
