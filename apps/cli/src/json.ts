// What commands print with --json, as zod schemas: `statusJson.parse(JSON.parse(stdout))`. A field is never taken away or given
// another meaning without a major version; new ones may come.
export { boardJson } from "./board/json.ts";
export { doctorJson } from "./doctor/json.ts";
export { enqueueJson } from "./enqueue/json.ts";
export { explanationJson } from "./explain/json.ts";
export { envelopeJson, failedExportJson, failedListJson, failedRetryJson } from "./failed/json.ts";
export { gatewayJson } from "./gateway/json.ts";
export { initJson } from "./init/json.ts";
export { pauseJson, resumeJson } from "./levers/json.ts";
export { limitsJson } from "./limits/json.ts";
export { moveJson } from "./move/json.ts";
export { errorJson } from "./output/json.ts";
export { simulateJson } from "./simulate/json.ts";
export { statusJson } from "./status/json.ts";
export { workerJson } from "./worker/json.ts";
