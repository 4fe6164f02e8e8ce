import Fastify from "fastify";
import { enqueueOverHttp } from "headgate/http/fastify";
import { mail, producer } from "./queues.ts";

const enqueue = enqueueOverHttp(producer);
const app = Fastify();
app.post("/mails", (request, reply) => enqueue(reply, mail, request.body));
await app.listen({ port: Number(process.env.PORT ?? 3000) });

export const server = app.server;
