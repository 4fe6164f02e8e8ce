import { expect, it } from "vitest";
import { classifyError, classifyResponse, throttled } from "../../src/worker/classify.ts";

const githubs = {
  message: "You have exceeded a secondary rate limit.",
  documentation_url: "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
};
const unmet = (unit: string): Record<string, string> => ({
  [`x-ratelimit-limit-${unit}`]: "10",
  [`x-ratelimit-remaining-${unit}`]: "0",
});

it.each<[string, object, string]>([
  ["requests", { headers: unmet("requests") }, "requests"],
  ["tokens", { headers: unmet("input-tokens") }, "tokens"],
  ["calls at once", { headers: unmet("concurrent-requests") }, "concurrency"],
  ["GitHub's secondary limit", { status: 403, headers: {}, body: githubs }, "secondary"],
  ["a quota of the day", { headers: {}, body: { errorType: "RATE_LIMIT", policyName: "DAILY" } }, "daily"],
  ["nobody says", { headers: {} }, "unknown"],
])("which limit it was: %s", (_, answer, scope) => {
  expect(classifyResponse({ status: 429, ...answer }, null)).toMatchObject({ throttled: true, scope });
});

it("a quota that a processor says is spent is one of the day", () => {
  expect(classifyError(throttled({ terminal: true }), null)).toMatchObject({ scope: "daily" });
});
