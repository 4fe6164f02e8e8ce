import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosFleet, until } from "./fleet.ts";
import { poisonQueue } from "./queue.ts";
import type { Scene } from "./scene.ts";
import { exactly, type Outcome, verdict } from "./verdict.ts";

const GOOD_JOBS = 40;
const poisons = ["exit", "loop", "memory"] as const;
/** On a busy machine 2 GB are not allocated before the timeout. */
const REASON = /got (HG_SANDBOX_DIED|HG_JOB_TIMEOUT)/;
const MOST_STARTS = 3;

/** Jobs that end their process, never end, or allocate 2 GB, each in a sandbox, among others that do no harm. */
export async function poison(scene: Scene): Promise<Outcome> {
  const { redisUrl, namespace, producer, control } = scene;
  const queue = poisonQueue(namespace);
  const starts = join(tmpdir(), `${namespace}.starts`);
  const environment = { CHAOS_STARTS: starts };
  const fleet = new ChaosFleet({ redis: redisUrl, namespace, processes: 2, queue: "poison", environment });
  try {
    await fleet.ready();
    for (const kind of poisons) await producer.enqueue(queue, { kind }, { id: kind });
    for (let job = 0; job < GOOD_JOBS; job++) await producer.enqueue(queue, { kind: "none" }, { id: `good-${job}` });
    await until(async () => {
      const { completed, failed } = (await control.status(queue)).counts;
      return completed + failed === GOOD_JOBS + poisons.length;
    });
    const { completed, active } = (await control.status(queue)).counts;
    const ids = readFileSync(starts, "utf8").split("\n");
    const of = (id: string): number => ids.filter((each) => each === id).length;
    const reasons: Record<string, string> = {};
    for (const kind of poisons) {
      reasons[kind] = await producer.result(queue, kind).then(String, (error: Error) => error.message);
    }
    const twice = Array.from({ length: GOOD_JOBS }, (_, job) => of(`good-${job}`)).filter((count) => count !== 1);
    const died = fleet.count(/ died /g);
    const worst = Math.max(...poisons.map(of));
    return {
      figures: {
        starts: Object.fromEntries(poisons.map((kind) => [kind, of(kind)])),
        reasons,
        completed,
        active,
        died,
      },
      verdicts: [
        verdict(
          "starts of exit, endless loop, 2 GB",
          poisons.map(of).join(", "),
          `<= ${MOST_STARTS}`,
          worst <= MOST_STARTS,
        ),
        verdict(
          "… end in the failed set with a reason",
          poisons.map((kind) => REASON.exec(reasons[kind] ?? "")?.[1] ?? "none").join(", "),
          "it died, or took too long",
          poisons.every((kind) => REASON.test(reasons[kind] ?? "")),
        ),
        exactly(`of ${GOOD_JOBS} others, completed`, completed, GOOD_JOBS),
        exactly("… not started exactly once", twice.length, 0),
        exactly("worker processes that died", died, 0),
      ],
    };
  } finally {
    await fleet.stop();
    rmSync(starts, { force: true });
  }
}
