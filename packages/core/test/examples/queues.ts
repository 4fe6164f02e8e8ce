import { defineLimiter, defineQueue } from "headgate";
import { createProducer } from "headgate/producer";
import { z } from "zod";

export const mail = defineQueue("mail", {
  limiter: defineLimiter("smtp"),
  payload: z.object({ to: z.string() }),
  capacity: 1_000,
});

export const producer = createProducer({ connection: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" });
