import type { Queue } from "headgate";
import { z } from "zod";
import { payloadSchema } from "./payload-schema.ts";
import { acceptedSchema, lineSchema, problemSchema, statusSchema } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const content = (type: string, schema: Json): Json => ({ content: { [type]: { schema } } });
const PROBLEM = "application/problem+json";
const problem = (description: string, headers?: Json): Json => ({
  description,
  ...(headers ? { headers } : {}),
  ...content(PROBLEM, ref("Problem")),
});

const text = (description: string): Json => ({ description, schema: { type: "string" } });
const rateLimit = {
  RateLimit: text("What is left of the queue's room (draft-ietf-httpapi-ratelimit-headers)."),
  "RateLimit-Policy": text("The queue and its capacity."),
};
const retryAfter = { "Retry-After": { description: "Whole seconds.", schema: { type: "integer", minimum: 1 } } };

const parameters = (queues: readonly Queue[]): readonly Json[] => [
  queueParameter(queues),
  {
    name: "Idempotency-Key",
    in: "header",
    description:
      "The job's id, up to 256 bytes. Sent again, it makes no second job. Of a stream, line n gets <key>:<n>.",
    schema: { type: "string" },
  },
  {
    name: "Prefer",
    in: "header",
    description: "wait=<seconds> waits for room, up to the gateway's bound; without it the answer comes at once.",
    schema: { type: "string", examples: ["wait=10"] },
  },
  {
    name: "priority",
    in: "query",
    description: "1 is the most urgent.",
    schema: { type: "integer", minimum: 1, maximum: 2_097_151 },
  },
  {
    name: "delay",
    in: "query",
    description: "Not before this has passed.",
    schema: { type: "string", examples: ["30s"] },
  },
];

const queueParameter = (queues: readonly Queue[]): Json => ({
  name: "queue",
  in: "path",
  required: true,
  schema: { type: "string", enum: queues.map(({ name }) => name) },
});

const health = (summary: string, more: Json = {}): Json => ({
  get: { summary, security: [], responses: { "200": { description: "Yes." }, ...more } },
});

const figures = (unauthorized: Json): Json => ({
  get: {
    operationId: "metrics",
    summary: "What this gateway counted",
    responses: {
      "200": { description: "Prometheus' text format.", ...content("text/plain", { type: "string" }) },
      ...unauthorized,
    },
  },
});

/** The OpenAPI 3.1 document of a gateway: what `/openapi.json` answers. */
export function openApi(queues: readonly Queue[], authenticated: boolean, metrics: boolean): Json {
  const unauthorized = authenticated ? { "401": problem("No bearer token, or a wrong one.") } : {};
  return {
    openapi: "3.1.0",
    info: {
      title: "Headgate gateway",
      version: "1",
      description: "Enqueue jobs, and hear when there is no room for them.",
    },
    ...(authenticated ? { security: [{ bearer: [] }] } : {}),
    paths: {
      "/queues/{queue}/jobs": { post: enqueue(queues, unauthorized) },
      "/queues/{queue}": {
        get: {
          operationId: "status",
          summary: "Depth, level and drain rate of a queue",
          parameters: [queueParameter(queues)],
          responses: {
            "200": { description: "Its state now.", ...content("application/json", ref("QueueStatus")) },
            ...unauthorized,
            "404": problem("There is no such queue."),
            "503": problem("Redis is away.", retryAfter),
          },
        },
      },
      ...(metrics ? { "/metrics": figures(unauthorized) } : {}),
      "/healthz": health("Does the process live?"),
      "/readyz": health("Can it take jobs?", { "503": problem("Redis is away, or the gateway stops.", retryAfter) }),
    },
    components: {
      ...(authenticated ? { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } } : {}),
      schemas: {
        Accepted: z.toJSONSchema(acceptedSchema),
        Problem: z.toJSONSchema(problemSchema),
        Line: z.toJSONSchema(lineSchema),
        QueueStatus: z.toJSONSchema(statusSchema),
        ...Object.fromEntries(queues.map((queue) => [`payload.${queue.name}`, payloadSchema(queue)])),
      },
    },
  };
}

function enqueue(queues: readonly Queue[], unauthorized: Json): Json {
  const payload = { anyOf: queues.map(({ name }) => ref(`payload.${name}`)) };
  return {
    operationId: "enqueue",
    summary: "Enqueue one job, or one a line",
    parameters: parameters(queues),
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: payload },
        "application/x-ndjson": { schema: { type: "string", description: "One payload a line." } },
      },
    },
    responses: {
      "200": {
        description: "Of a stream: one result a line, in order.",
        ...content("application/x-ndjson", ref("Line")),
      },
      "202": { description: "The job is in.", headers: rateLimit, ...content("application/json", ref("Accepted")) },
      "400": problem("The body is no JSON, or an option is wrong."),
      ...unauthorized,
      "404": problem("There is no such queue."),
      "413": problem("The payload is too large."),
      "415": problem("Neither JSON nor NDJSON."),
      "422": problem("The payload does not fit the queue."),
      "429": problem("No room: come back after Retry-After.", { ...retryAfter, ...rateLimit }),
      "503": problem(
        "Redis is away or nearly full, or the gateway stops; send it again with the same Idempotency-Key.",
        retryAfter,
      ),
    },
  };
}
