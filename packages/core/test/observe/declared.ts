import type { Declared, Instruments } from "../../src/observe/instruments.ts";
import { showProcess, showVersions } from "../../src/observe/process-metrics.ts";
import { RedisState } from "../../src/observe/redis-state.ts";
import { redisUrl } from "../support/redis.ts";

export interface Shown extends Declared {
  readonly type: "counter" | "gauge" | "histogram";
}

/** Every metric that Headgate declares, without anybody who shows it. */
export async function declaredMetrics(): Promise<Shown[]> {
  const shown: Shown[] = [];
  const note =
    (type: Shown["type"]) =>
    (declared: Declared): (() => undefined) => {
      shown.push({ ...declared, type });
      return () => undefined;
    };
  const instruments: Instruments = {
    counter: note("counter"),
    histogram: note("histogram"),
    gauge: note("gauge"),
    total: note("counter"),
  };
  showProcess(instruments)();
  showVersions(instruments, { version: "0", bullmq: "0" });
  const state = new RedisState({ connection: redisUrl(), queues: [] });
  state.show(instruments);
  await state.close();
  return shown;
}
