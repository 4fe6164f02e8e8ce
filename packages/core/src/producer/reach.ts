import type { ProducerBackend } from "../bullmq/producer-backend.ts";
import type { Queue } from "../define/queue.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** What flows and schedules need of their producer to reach Redis. */
export interface Reach {
  /** Throws when the producer was closed. */
  open(): void;
  /** A queue that is connected, checked and registered. */
  backend(queue: Queue, id: string): Promise<ProducerBackend>;
  /** Asks, in time; where somebody has emptied Redis, registers the queues again, once, and asks again. */
  ask<T>(queues: Iterable<Queue>, id: string, question: () => Promise<T>): Promise<T>;
  /** A line whose waiters count with all the others. */
  line(): WaitingLine;
}
