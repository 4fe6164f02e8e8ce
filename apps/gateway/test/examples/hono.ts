import { serve } from "@hono/node-server";
import { enqueueOverHttp } from "headgate/http/hono";
import { Hono } from "hono";
import { mail, producer } from "./queues.ts";

const enqueue = enqueueOverHttp(producer);
const app = new Hono();
app.post("/mails", async (c) => enqueue(c, mail, await c.req.json()));

export const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
