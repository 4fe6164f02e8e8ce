import * as fc from "fast-check";
import { expect, it } from "vitest";
import { defineLimiter } from "../../src/define/limiter.ts";
import { defineQueue } from "../../src/define/queue.ts";
import { Driver, type Fetched, type Taken } from "../bullmq/drive.ts";
import { wireOf } from "../bullmq/wire.ts";
import { useRedis } from "../support/redis.ts";

const space = useRedis();

const JOBS = 260;
/** Each worker asks once before anything is known: counted from here on. */
const WARM_UP = 60;
const PER_SECOND = 100;
/** At this rate some 20 calls are out; before the last jobs are taken the measurement ends. */
const STILL_OUT = 40;
/** Between a reply and the next ask of the same worker (ms). */
const LAG_MS = 0.5;
const DRAIN_MS = 5_000;

interface VirtualWorker {
  readonly driver: Driver;
  readonly running: { readonly job: Taken; readonly endsAt: number }[];
  /** When it asks again (ms). */
  askAt: number;
  /** Since when it waits for the marker meanwhile; null when it does not. Redis wakes who waits longest. */
  blockedSince: number | null;
}

/** BullMQ's loops over a whole fleet: who has a free slot asks, parks, or blocks on the marker, which wakes one at a time. */
async function scriptsPerJob(name: string, workers: number, slots: number): Promise<{ perJob: number; rate: number }> {
  const limits = [{ unit: "requests", amount: PER_SECOND, per: "1s" as const }];
  const limiter = defineLimiter(name, { namespace: space.namespace, adaptive: false, limits });
  const queue = defineQueue(name, { limiter });
  const wire = await wireOf(space);
  const fleet: VirtualWorker[] = [];
  for (let index = 0; index < workers; index++) {
    const driver = await Driver.open(space, queue, { wire, slots });
    fleet.push({ driver, running: [], askAt: wire.now + index / 10, blockedSince: null });
  }
  const [first] = fleet as [VirtualWorker];
  for (let index = 0; index < JOBS; index++) await first.driver.add(`${index}`);

  let [done, scripts, calls, asked, since] = [0, 0, 0, 0, 0];
  const follow = (worker: VirtualWorker, { job, waitMs, until }: Fetched): void => {
    if (job) worker.running.push({ job, endsAt: wire.now + 50 + ((calls++ * 97) % 250) });
    worker.blockedSince = !job && waitMs === 0 ? wire.now : null;
    // A moment to ask again is told on the host's clock, which is not the virtual one.
    const blockMs = until > 0 ? Math.max(1, until - Date.now()) : DRAIN_MS;
    const pause = job ? LAG_MS : waitMs > 0 ? waitMs : blockMs;
    worker.askAt = wire.now + pause;
  };
  const asksAt = ({ running, askAt }: VirtualWorker): number =>
    running.length < slots ? askAt : Number.POSITIVE_INFINITY;

  while (done < JOBS - STILL_OUT) {
    const ends = fleet.flatMap((worker) => worker.running.map((run) => ({ at: run.endsAt, worker, run })));
    const asks = fleet.map((worker) => ({ at: asksAt(worker), worker, run: undefined }));
    const next = [...ends, ...asks].reduce((soonest, each) => (each.at < soonest.at ? each : soonest));
    const { worker, run } = next;
    wire.now = Math.max(wire.now, next.at);
    if (done >= WARM_UP) scripts++;
    if (run) {
      worker.running.splice(worker.running.indexOf(run), 1);
      done++;
      if (done === WARM_UP) since = wire.now;
      const answer = await worker.driver.complete(run.job, undefined, true);
      // Its loop waits already: what a finish is told changes nothing for it.
      if (answer.job || worker.running.length === slots - 1) follow(worker, answer);
    } else {
      follow(worker, await worker.driver.fetch(`run${asked++}`));
    }
    const sleepers = fleet.filter((each) => each.blockedSince !== null && each.running.length < slots);
    const [longest] = sleepers.sort((a, b) => (a.blockedSince ?? 0) - (b.blockedSince ?? 0));
    if (longest && (await space.client.zpopmin(`${first.driver.base}marker`)).length > 0) {
      longest.blockedSince = null;
      longest.askAt = wire.now + LAG_MS;
    }
  }
  const jobs = done - WARM_UP;
  return { perJob: scripts / jobs, rate: (jobs * 1_000) / (wire.now - since) };
}

it("scripts per job do not grow with the fleet (I10)", async () => {
  let turn = 0;
  const fleets = fc.record({ workers: fc.integer({ min: 1, max: 64 }), slots: fc.integer({ min: 1, max: 25 }) });
  await fc.assert(
    fc.asyncProperty(fleets, async ({ workers, slots }) => {
      // Fewer than 25 at once and the calls' length binds, not the limiter.
      const enough = Math.max(slots, Math.ceil(25 / workers));
      const { perJob, rate } = await scriptsPerJob(`h${turn++}`, workers, enough);
      expect(perJob, `at ${rate} per second`).toBeLessThanOrEqual(3.3);
      // Neither by starving: the fleet runs at the limit.
      expect(rate).toBeGreaterThanOrEqual(95);
      expect(rate).toBeLessThanOrEqual(102);
    }),
    {
      numRuns: 5,
      endOnFailure: true,
      examples: [[{ workers: 1, slots: 25 }], [{ workers: 64, slots: 1 }]],
    },
  );
});
