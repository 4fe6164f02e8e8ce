import { defineLimiter, defineQueue, type Queue } from "headgate";
import { z } from "zod";

/** A part of a README. */
export interface Section {
  /** The package and the place in its README, such as `fastify@5.12.8#3`. */
  readonly id: string;
  readonly text: string;
}
export type Sections = Queue<Section, Section>;

const payload = z.object({ id: z.string(), text: z.string() });

/** What producer and workers share. Each run of the demo has a namespace of its own, so that it starts from nothing. */
export function sectionsIn(namespace: string): Sections {
  // Nobody tells the API's limit: the fleet finds it from what the API accepts and refuses.
  const termsApi = defineLimiter("terms-api", { namespace });

  // At most 200 sections wait or run, whatever the producer does.
  return defineQueue("sections", { limiter: termsApi, payload, capacity: 200 });
}
