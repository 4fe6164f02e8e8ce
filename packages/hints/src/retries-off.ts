/**
 * By npm package: the constructor options (of `ai` those of a call; @octokit's: of the `octokit` package) that turn off the client's own retries. A client
 * that retries by itself hides refusals from everybody else who shares the limit. Empty: it has none that are on.
 */
export const retriesOff: Readonly<Record<string, object>> = {
  "@anthropic-ai/sdk": { maxRetries: 0 },
  "@aws-sdk/client-*": { maxAttempts: 1 },
  "@discordjs/rest": { rejectOnRateLimit: ["/"], retries: 0 },
  "@google/genai": { httpOptions: { retryOptions: { attempts: 1 } } },
  "@grpc/grpc-js": { "grpc.enable_retries": 0 },
  "@hubspot/api-client": { numberOfApiCallRetries: 0 },
  "@notionhq/client": { retry: false },
  "@octokit/core": {},
  "@shopify/graphql-client": { retries: 0 },
  "@slack/web-api": { rejectRateLimitedCalls: true, retryConfig: { retries: 0 } },
  "twitter-api-v2": {},
  ai: { maxRetries: 0 },
  axios: {},
  got: { retry: { limit: 0 } },
  ky: { retry: 0 },
  octokit: { retry: { enabled: false }, throttle: { enabled: false } },
  openai: { maxRetries: 0 },
  stripe: { maxNetworkRetries: 0 },
};
