import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as after } from "node:timers/promises";

const WINDOW_MS = 1_000;

/** An API that takes so many calls in any second, and remembers each. */
export interface Ledger {
  readonly url: string;
  /** How often each job reached it and was let in. */
  readonly calls: ReadonlyMap<string, number>;
  /** When it let calls in, and when it refused some (ms, monotonic). */
  readonly accepted: readonly number[];
  readonly throttled: readonly number[];
  close(): void;
}

export async function openLedger(limitPerSecond: number, latencyMs: number): Promise<Ledger> {
  const calls = new Map<string, number>();
  const accepted: number[] = [];
  const throttled: number[] = [];
  const server = createServer(async (request, response) => {
    const now = performance.now();
    if (accepted.length >= limitPerSecond && now - (accepted.at(-limitPerSecond) ?? 0) < WINDOW_MS) {
      throttled.push(now);
      response.writeHead(429, { "retry-after": "1" }).end();
      return;
    }
    accepted.push(now);
    const id = (request.url ?? "").slice(1);
    calls.set(id, (calls.get(id) ?? 0) + 1);
    await after(latencyMs);
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    accepted,
    throttled,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Pure: most events in any second. */
export function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let from = 0;
  times.forEach((time, index) => {
    while (time - (times[from] ?? 0) >= WINDOW_MS) from++;
    most = Math.max(most, index - from + 1);
  });
  return most;
}

/** Pure: between two that follow each other (ms). */
export const longestGap = (times: readonly number[]): number =>
  times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
