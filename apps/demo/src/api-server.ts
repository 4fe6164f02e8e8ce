import { setTimeout as sleep } from "node:timers/promises";
import Fastify, { type FastifyInstance } from "fastify";
import type { Guard } from "./guard.ts";
import type { ApiReport } from "./messages.ts";
import { Corpus } from "./terms.ts";

/** Added to each answer, as a network and a busy service would (ms). */
const LATENCY = { least: 20, most: 80 };

const text = { type: "string" };
const body = { type: "object", required: ["id", "text"], properties: { id: text, text } };

/** An HTTP API like any other: it answers a document's most telling terms, and refuses what comes too fast. */
export function termsServer(guard: Guard): FastifyInstance {
  const server = Fastify();
  const corpus = new Corpus();

  server.addHook("onRequest", async (_request, reply) => {
    const verdict = guard.decide();
    if (!verdict.allowed) {
      await reply.code(429).header("retry-after", verdict.retryAfterSeconds).send({ error: "too many requests" });
    }
  });

  server.post<{ Body: { id: string; text: string } }>("/terms", { schema: { body } }, async (request) => {
    const { id, text } = request.body;
    guard.answered(id);
    const terms = corpus.tellingTerms(text);
    await sleep(LATENCY.least + Math.random() * (LATENCY.most - LATENCY.least));
    return { id, terms };
  });
  return server;
}

/** On a port of its own, for the supervisor: what the API saw, and the lever that changes its limit. */
export function controlServer(guard: Guard): FastifyInstance {
  const server = Fastify();

  server.get<{ Querystring: { until?: string } }>(
    "/report",
    async ({ query }): Promise<ApiReport> => ({
      firstCallAt: guard.firstCallAt ?? null,
      lastAcceptedAt: guard.lastAcceptedAt ?? null,
      perSecond: guard.perSecond,
      lastSecond: guard.lastSecond(),
      account: guard.account(query.until === undefined ? undefined : Number(query.until)),
      repeated: guard.repeated,
    }),
  );

  server.put<{ Params: { perSecond: string } }>("/limit/:perSecond", async ({ params }, reply) => {
    guard.setLimit(Number(params.perSecond));
    await reply.code(204).send();
  });
  return server;
}
