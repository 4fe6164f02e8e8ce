/** A process of a contender: its producer, or one of its workers. */
import { Redis } from "ioredis";
import { ordersOf, serve } from "../process/serve.ts";
import type { Feeder } from "./contender.ts";
import { contenders } from "./contenders/index.ts";
import { lostOf } from "./lost.ts";
import type { PartOrders } from "./orders.ts";

const { contender, role, setting } = ordersOf<PartOrders>();
const { base, feeder, worker } = contenders[contender];

if (role === "worker") {
  const part = worker(setting);
  serve({ start: () => part.start(), stop: () => part.stop() });
} else {
  const part: Feeder = feeder(setting);
  serve({
    start: () => part.start(),
    stop: () => part.stop(),
    demand: (perSecond: number | null) => part.demand(perSecond),
    lost: async () => {
      const redis = new Redis(setting.connection);
      try {
        return await lostOf(redis, base(setting), part.acknowledged);
      } finally {
        redis.disconnect();
      }
    },
  });
}
