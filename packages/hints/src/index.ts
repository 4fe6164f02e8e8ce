export { classifyError, classifyResponse } from "./classify.ts";
export type { HintScope, HintSource, Hints, LimitHint } from "./hints.ts";
export { type HintOptions, parseHints } from "./parse-hints.ts";
export { type Provider, type ProviderName, providers } from "./providers.ts";
export type { Classified } from "./resolve.ts";
export type { ResetUnit } from "./time.ts";
