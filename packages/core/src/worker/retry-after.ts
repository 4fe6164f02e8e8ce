/** The most that a Retry-After is believed: a day (ms). */
const RETRY_AFTER_MOST_MS = 86_400_000;

/**
 * Retry-After in both forms of RFC 9110, section 10.2.3: seconds (fractions are on the wire too, e.g. Shopify's `2.0`), or
 * an HTTP date, which is held against the response's own Date so that the hosts' clocks do not matter.
 * Anything else, and a time that has passed, is null.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  date: string | null | undefined,
  now: number,
): number | null {
  const text = value?.trim();
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return clamp(Number(text) * 1_000);
  if (!/^[A-Za-z]{3,9}, /.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  const sent = Date.parse(date ?? "");
  return clamp(at - (Number.isNaN(sent) ? now : sent));
}

const clamp = (ms: number): number | null => (ms > 0 ? Math.min(Math.ceil(ms), RETRY_AFTER_MOST_MS) : null);
