import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Instruments } from "./instruments.ts";

/** Shows metrics in a registry of prom-client. */
export function prometheus(registry: Registry): Instruments {
  const registers = [registry];
  return {
    counter({ name, help, labels, known = () => [] }) {
      const counter = new Counter<string>({
        name,
        help,
        labelNames: labels,
        registers,
        collect() {
          for (const at of known()) this.inc(at, 0);
        },
      });
      return (at) => counter.inc(at);
    },
    histogram({ name, help, labels, buckets }) {
      const histogram = new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers });
      return (at, value) => histogram.observe(at, value);
    },
    gauge({ name, help, labels, together = "sum" }, read) {
      new Gauge<string>({
        name,
        help,
        labelNames: labels,
        aggregator: together,
        registers,
        collect() {
          this.reset();
          for (const [at, value] of read()) this.set(at, value);
        },
      });
    },
    total({ name, help, labels }, read) {
      new Counter<string>({
        name,
        help,
        labelNames: labels,
        registers,
        collect() {
          this.reset();
          for (const [at, value] of read()) this.inc(at, value);
        },
      });
    },
  };
}
