import express from "express";
import { enqueueOverHttp } from "headgate/http/express";
import { mail, producer } from "./queues.ts";

const enqueue = enqueueOverHttp(producer);
const app = express();
app.post("/mails", express.json(), (request, response) => enqueue(response, mail, request.body));

export const server = app.listen(Number(process.env.PORT ?? 3000));
