// For Headgate's own apps and benchmarks; may change without notice.
export { differences, expectedScripts, incompatibilities } from "./bullmq/contract.ts";
export { type ConnectedWorkers, connectedWorkers } from "./bullmq/worker-name.ts";
export { parseOptions } from "./define/options.ts";
export { headgateError } from "./errors.ts";
export { isLoopback, mayAnswer, urlOf } from "./http/address.ts";
export { Damper } from "./observe/damper.ts";
export { isFetching, pulses } from "./observe/pulse.ts";
export { ADDRESS_FORMS, type Address, isAddress, readAddress } from "./redis/address.ts";
export { addressOf, type Client, closeClient, connected, openClient } from "./redis/connection.ts";
export { defineScripts } from "./redis/scripts.ts";
export { checkServer, readServer, type Server } from "./redis/server.ts";
export type { Api, Call, Verdict } from "./simulate/api/api.ts";
export { type Neighbour, punishing, shared } from "./simulate/api/around.ts";
export { meteredBuckets, type Step, tokenBucket, type Unit } from "./simulate/api/bucket.ts";
export { concurrencyLimit } from "./simulate/api/concurrency.ts";
export { fixedWindow, slidingWindow } from "./simulate/api/window.ts";
export type { Glance } from "./simulate/fleet.ts";
export { fixed, type Latency, skewed, uniform } from "./simulate/latency.ts";
export {
  always,
  drafted,
  honest,
  leftOnly,
  legacy,
  type Manners,
  named,
  precise,
  silent,
  type Telling,
} from "./simulate/manners.ts";
export { type Figures, measure } from "./simulate/measure.ts";
export { type Random, seededRandom } from "./simulate/random.ts";
export { cleanUp, EPOCH_MS, type History, type Seen, type Simulation, simulate } from "./simulate/simulate.ts";
