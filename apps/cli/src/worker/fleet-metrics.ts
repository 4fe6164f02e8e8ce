import { AggregatorRegistry, type MetricObject, type Registry } from "prom-client";

/** A process that does not answer in this time (ms) is shown as it was when it last did: a scrape is answered within a second. */
const PATIENCE_MS = 750;

interface Ask {
  readonly from: Set<number>;
  readonly done: () => void;
}

/**
 * The figures of all processes as one. Counters must never go back, so what a process had counted when it ended is kept, and
 * one that stands still or was killed counts with what it last told.
 */
export class FleetMetrics {
  readonly #last = new Map<number, readonly MetricObject[]>();
  readonly #asks = new Set<Ask>();
  #ended: readonly MetricObject[] = [];

  take(member: number, metrics: readonly MetricObject[]): void {
    this.#last.set(member, metrics);
    this.#answered(member);
  }

  async forget(member: number): Promise<void> {
    const last = this.#last.get(member);
    this.#last.delete(member);
    this.#answered(member);
    if (last === undefined) return;
    const counted = last.filter(({ type }) => isCounted(type));
    this.#ended = await AggregatorRegistry.aggregate([[...this.#ended], counted] as never).getMetricsAsJSON();
  }

  /** Resolves when all of them have answered, or when one takes too long. */
  async gather(members: readonly number[], ask: () => void): Promise<void> {
    if (members.length === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), PATIENCE_MS);
      const done = (): void => {
        clearTimeout(timer);
        this.#asks.delete(asked);
        resolve();
      };
      const asked: Ask = { from: new Set(members), done };
      this.#asks.add(asked);
      ask();
    });
  }

  async together(...own: readonly Registry[]): Promise<Registry> {
    const told = await Promise.all(own.map((registry) => registry.getMetricsAsJSON()));
    const parts = [this.#ended, ...this.#last.values(), ...told];
    return AggregatorRegistry.aggregate(parts as never);
  }

  #answered(member: number): void {
    for (const ask of this.#asks) {
      ask.from.delete(member);
      if (ask.from.size === 0) ask.done();
    }
  }
}

/** prom-client's types say that it is a number; it is a word. */
const isCounted = (type: unknown): boolean => type === "counter" || type === "histogram";
