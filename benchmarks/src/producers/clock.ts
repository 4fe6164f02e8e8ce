/** Epoch ms with fractions, the same for all processes of a machine. */
export const clock = (): number => performance.timeOrigin + performance.now();

/** The value below which `share` of the values are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
