import { countAdmissions, countApi } from "./api-metrics.ts";
import type { Instruments } from "./instruments.ts";
import { countRuns } from "./run-metrics.ts";
import { countRedis, showWorkers } from "./worker-metrics.ts";

/** Everything that happens in this process. Answers how to stop. */
export function showProcess(make: Instruments): () => void {
  showWorkers(make);
  const stops = [...countRuns(make), ...countApi(make), ...countAdmissions(make), ...countRedis(make)];
  return () => {
    for (const stop of stops) stop();
  };
}

export interface Versions {
  /** Of headgate, or of what is built on it. */
  readonly version: string;
  readonly bullmq: string;
}

export function showVersions(make: Instruments, { version, bullmq }: Versions): void {
  make.gauge(
    {
      name: "headgate_build_info",
      help: "Versions that run",
      labels: ["version", "bullmq_version", "node_version"],
      unit: "1",
      together: "max",
    },
    () => [[{ version, bullmq_version: bullmq, node_version: process.versions.node }, 1]],
  );
}
