import { defineQueue } from "headgate";
import { producer } from "./queues.ts";

/** From level slow on only jobs up to 10 get in, at closed only those of 1. */
export const alerts = defineQueue<{ text: string }>("alerts", { capacity: 1_000, shed: { slow: 10, closed: 1 } });

/** Admitted at once as long as there is a place, at any level. */
export const alarm = (text: string) => producer.enqueue(alerts, { text }, { priority: 1 });

/** Priority 100: refused as "shed" when the API cannot keep up. */
export const notice = (text: string) => producer.enqueue(alerts, { text });
