import { defineQueue } from "headgate";
import type { FlowResult } from "headgate/producer";
import { createWorker, type Worker } from "headgate/worker";
import { z } from "zod";
import { mail, producer } from "./queues.ts";

export const reports = defineQueue("reports", { limiter: mail.limiter, payload: z.object({ day: z.string() }) });

/** All mails and the report on them are stored, or nothing is. The report runs when every mail has ended. */
export const sendDay = (day: string, people: readonly string[]): Promise<FlowResult> =>
  producer.enqueueFlow({
    queue: reports,
    payload: { day },
    id: `day-${day}`,
    children: people.map((to) => ({ queue: mail, payload: { to }, onFailure: "ignore" as const })),
  });

export const reporter = (connection: string): Worker<{ day: string }, string> =>
  createWorker(
    reports,
    async ({ day }, ctx) => {
      const mails = await ctx.children();
      const failed = mails.filter(({ failure }) => failure !== undefined);
      return `${day}: ${mails.length} mails, ${failed.length} failed`;
    },
    { connection },
  );
