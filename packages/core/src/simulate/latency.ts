import type { Random } from "./random.ts";

/** How long calls take, from a worker's request to its answer (ms). */
export interface Latency {
  /** No call takes less; the simulator looks ahead by this much, so a floor of a few ms is slow to simulate. */
  readonly leastMs: number;
  readonly meanMs: number;
  sample(random: Random): number;
}

export const fixed = (ms: number): Latency => ({ leastMs: ms, meanMs: ms, sample: () => ms });

export const uniform = (leastMs: number, mostMs: number): Latency => ({
  leastMs,
  meanMs: (leastMs + mostMs) / 2,
  sample: (random) => leastMs + random() * (mostMs - leastMs),
});

/** Log-normal around `medianMs` with the shape of most services (sigma 0.5: one call in 40 takes 2.7 medians), never under a third. */
export function skewed(medianMs: number): Latency {
  const sigma = 0.5;
  const leastMs = medianMs / 3;
  return {
    leastMs,
    meanMs: medianMs * Math.exp(sigma ** 2 / 2),
    sample: (random) => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return Math.max(leastMs, medianMs * Math.exp(sigma * normal));
    },
  };
}
