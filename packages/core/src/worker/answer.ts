import type { Provider } from "@headgate/hints";

/** Statuses whose body may say that a quota is spent, for how long to wait, or that it is about a limit at all. */
const TELLING: ReadonlySet<number> = new Set([402, 403, 429, 503, 529]);

/** No error body is longer; a page of results is not read for a hint. */
const BODY_MOST_BYTES = 65_536;
/** A body that trickles in does not hold up the job for longer (ms). */
const BODY_MOST_MS = 1_000;

/** Whether what an answer says of limits stands in its body. */
export function tellsInBody(response: Response, provider: Provider | null): boolean {
  if (response.body === null) return false;
  if (Number(response.headers.get("content-length") ?? 0) > BODY_MOST_BYTES) return false;
  if (TELLING.has(response.status)) return true;
  return provider?.bodyTells === true && (response.headers.get("content-type") ?? "").includes("json");
}

/** The body as text, or nothing when it is too long, too slow, or cannot be read. */
export async function bodyText({ body }: Response): Promise<string | undefined> {
  if (body === null) return undefined;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => undefined);
  }, BODY_MOST_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return undefined;
      if (done) return text;
      text += decoder.decode(value, { stream: true });
      if (text.length > BODY_MOST_BYTES) {
        await reader.cancel();
        return undefined;
      }
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
