import type { Result } from "./result.ts";

export const header: string = [
  "scenario".padEnd(17),
  "contender".padEnd(15),
  "goodput".padStart(8),
  "throttled".padStart(11),
  "calls".padStart(7),
  "429s in 5 s".padStart(13),
  "60 s".padStart(6),
  "settled ms".padStart(12),
  "depth".padStart(7),
  "lost".padStart(6),
].join("");

export const row = ({ figures, throttledInFirst60s }: Result): string =>
  [
    `${figures.scenario}${figures.warm ? " w" : ""}`.padEnd(17),
    figures.contender.padEnd(15),
    figures.goodput.toFixed(3).padStart(8),
    figures.throttled.toFixed(4).padStart(11),
    String(figures.calls).padStart(7),
    String(figures.throttledInFirst5s).padStart(13),
    String(throttledInFirst60s).padStart(6),
    String(figures.settleMs ?? "never").padStart(12),
    String(figures.maxDepth).padStart(7),
    String(figures.lost).padStart(6),
  ].join("");
