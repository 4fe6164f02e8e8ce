import type { Dialect } from "./counters.ts";

/** What is known of an API beyond what its answers say. */
export interface Provider extends Dialect {
  /** Words in a body that mean: no waiting of minutes helps. Those of all presets are known anyway. */
  readonly terminalCodes?: readonly string[];
  /** Statuses besides 429 that always mean a limit or overload. */
  readonly throttledStatuses?: readonly number[];
  /** Its answers tell of limits in the bodies of successes too (GraphQL): worth reading all of them. */
  readonly bodyTells?: boolean;
  /** What to wait when the API refuses and nothing says how long (ms). Default: none, back off by your own rule. */
  readonly defaultWaitMs?: number;
}

export type ProviderName =
  | "anthropic"
  | "azure-openai"
  | "discord"
  | "gemini"
  | "github"
  | "hubspot"
  | "notion"
  | "openai"
  | "shopify"
  | "slack"
  | "stripe"
  | "x";

/** Sources: each provider's documentation and client library; docs/providers.md names them. */
export const providers: Readonly<Record<ProviderName, Provider>> = {
  anthropic: {
    resetIsFull: true,
    throttledStatuses: [529],
    terminalCodes: ["enforced_spend_limit_reached"],
  },
  "azure-openai": {
    reset: "s",
    resetIsFull: true,
    // The minute's quota is enforced over parts of 1 s or 10 s.
    defaultWaitMs: 10_000,
  },
  discord: {
    reset: "epoch-s",
  },
  gemini: {
    // Quotas are per minute or per day; those per day say so.
    defaultWaitMs: 60_000,
  },
  github: {
    reset: "epoch-s",
    // "Wait for at least one minute", rest/using-the-rest-api/rate-limits-for-the-rest-api.
    defaultWaitMs: 60_000,
  },
  hubspot: {
    defaultWaitMs: 10_000,
  },
  notion: {
    throttledStatuses: [529],
    // The budget is for a fixed window of 60 s.
    defaultWaitMs: 60_000,
  },
  openai: {
    resetIsFull: true,
    terminalCodes: [
      "insufficient_quota",
      "credit_balance_exhausted",
      "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded",
      "organization_usage_limit_exceeded",
      "billing_hard_limit_reached",
    ],
  },
  shopify: {
    bodyTells: true,
    // 40 calls that leak at 2 a second; on every plan a full bucket is empty after 20 s.
    windowMs: 20_000,
    // Both buckets leak every second.
    defaultWaitMs: 1_000,
  },
  slack: {},
  stripe: {
    // Limits are per second.
    defaultWaitMs: 1_000,
  },
  x: {
    reset: "epoch-s",
    windowMs: 900_000,
    terminalCodes: ["UsageCapExceeded"],
    defaultWaitMs: 900_000,
  },
};

/** Words that no waiting cures are the APIs' own and long enough to mean nothing else, so they count whoever says them. */
export const terminalCodes: ReadonlySet<string> = new Set(
  Object.values(providers).flatMap((one) => one.terminalCodes ?? []),
);
