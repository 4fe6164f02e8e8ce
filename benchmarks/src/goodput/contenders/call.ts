import type { Payload } from "../contender.ts";

export type Answer = { readonly accepted: true } | { readonly accepted: false; readonly retryAfterMs: number | null };

/** One call, by the same fetch that Headgate uses; what its 429 says about when to come back. */
export async function call(url: string, payload: Payload): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(payload) });
  await response.arrayBuffer();
  if (response.ok) return { accepted: true };
  const seconds = response.headers.get("retry-after");
  return { accepted: false, retryAfterMs: seconds === null ? null : Number(seconds) * 1_000 };
}

/** Where a 429 says nothing, a peer comes back after this (ms): what most people write. */
export const RETRY_MS = 1_000;
