// For Headgate's own apps and benchmarks; may change without notice.
export { differences, expectedScripts } from "./bullmq/contract.ts";
export { parseOptions } from "./define/options.ts";
export { headgateError } from "./errors.ts";
export { isLoopback, mayAnswer, urlOf } from "./http/address.ts";
export { addressOf, type Client, closeClient, connected, openClient } from "./redis/connection.ts";
export { checkServer, readServer, type Server } from "./redis/server.ts";
