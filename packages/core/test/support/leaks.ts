import { expect, vi } from "vitest";

/** What a test must not leave open: connections, servers, child processes. Timers are too many to blame anybody. */
const KINDS = ["TCPSocketWrap", "TCPServerWrap", "ProcessWrap"] as const;

export type Handles = Partial<Record<(typeof KINDS)[number], number>>;

export function openHandles(): Handles {
  const open = process.getActiveResourcesInfo();
  return Object.fromEntries(KINDS.map((kind) => [kind, open.filter((name) => name === kind).length]));
}

/** Fails when more is open than there was before. A socket takes a moment to close. */
export async function noneLeaked(before: Handles): Promise<void> {
  await vi.waitFor(
    () => {
      const open = openHandles();
      for (const kind of KINDS) expect(open[kind], `open ${kind}`).toBeLessThanOrEqual(before[kind] ?? 0);
    },
    { timeout: 2_000, interval: 10 },
  );
}
