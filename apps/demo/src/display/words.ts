import type { View } from "../view.ts";

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const clock = (ms: number): string => {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

export const share = (part: number, rest: number): string =>
  `${((100 * part) / Math.max(1, part + rest)).toFixed(1)} %`;

/** A pause that a person can see (ms); shorter ones are a pace. */
const SEEN_MS = 500;

/** What the API's limit makes the producer do. */
export function pace({ standingMs, seconds: timeline }: View): string {
  if (standingMs >= SEEN_MS) return `standing still for ${seconds(standingMs)}: the API is slow`;
  return `slowed to ${timeline.at(-1)?.enqueued ?? 0}/s by the API`;
}
