import { classifyError } from "@headgate/hints";

/** Calls again when the API's limit allows it, and gives up where waiting does not help. */
export async function patiently<Answer>(call: () => Promise<Answer>, attempts = 5): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { throttled, terminal, hint } = classifyError(error);
      if (!throttled || terminal || attempt === attempts) throw error;
      const waitMs = hint.retryAfterMs ?? 1_000 * 2 ** attempt * Math.random();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
