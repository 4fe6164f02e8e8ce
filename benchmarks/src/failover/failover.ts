import { setTimeout as after } from "node:timers/promises";
import { createControl } from "headgate/control";
import { createProducer } from "headgate/producer";
import { ChaosFleet, until } from "../chaos/fleet.ts";
import { openLedger } from "../chaos/ledger.ts";
import { chaosQueue } from "../chaos/queue.ts";
import type { Event } from "./event.ts";
import type { Site } from "./site.ts";

export interface FailoverFigures {
  readonly acknowledged: number;
  /** Acknowledged, and at the end neither completed nor anywhere in the queue. */
  readonly lost: number;
  /** Enqueues that ended with an error and were not tried again. */
  readonly refused: number;
  /** Which errors those were. */
  readonly errors: Readonly<Record<string, number>>;
  readonly ranTwice: number;
  /** Slots of the fleet: as many jobs were in flight at most. */
  readonly slots: number;
  /** From the death of the primary to the next acknowledged enqueue, and to the next call of the API (ms). */
  readonly enqueueResumedMs: number;
  readonly runResumedMs: number;
  /** Processes of the fleet that died. */
  readonly died: number;
  readonly inFlightAtTheEnd: number;
}

const PROCESSES = 2;
const SLOTS = PROCESSES * 5;
const PRODUCERS = 4;
/** Twice what the fleet can do: what is lost is what waits, so something has to. */
const JOB_MS = 100;
const EVERY_MS = 20;
const BEFORE_MS = 3_000;
const AFTER_MS = 4_000;

/** An event while a fleet works and producers enqueue. */
export async function failOver(site: Site, namespace: string, event: Event): Promise<FailoverFigures> {
  const queue = chaosQueue(namespace, false);
  const ledger = await openLedger(1_000_000, 5);
  const producer = createProducer({ connection: site.url, commandTimeout: "2s" });
  const control = createControl({ connection: site.url });
  for (const part of [producer, control]) part.on("error", () => undefined);
  const fleet = new ChaosFleet({ redis: site.url, namespace, processes: PROCESSES, api: ledger.url, limited: false });
  const acknowledged: { readonly id: string; readonly at: number }[] = [];
  const errors: Record<string, number> = {};
  const end = new AbortController();
  const enqueueing = async (line: number): Promise<void> => {
    for (let index = 0; !end.signal.aborted; index++) {
      const id = `${line}-${index}`;
      try {
        const { accepted } = await producer.enqueue(queue, { ms: JOB_MS }, { id });
        if (accepted) acknowledged.push({ id, at: performance.now() });
      } catch (error) {
        const kind = String((error as { got?: string }).got);
        errors[kind] = (errors[kind] ?? 0) + 1;
      }
      await after(EVERY_MS);
    }
  };
  try {
    await fleet.ready();
    const lines = Array.from({ length: PRODUCERS }, (_, line) => enqueueing(line));
    await after(BEFORE_MS);
    const killedAt = await event(site);
    const next = (times: readonly number[]): number => (times.at(-1) ?? 0) - killedAt;
    const acks = (): number[] => acknowledged.map(({ at }) => at);
    await until(() => next(acks()) > 0 && next(ledger.accepted) > 0);
    // What was on its way when the primary died is no sign of life of the new one.
    const resumed = (times: readonly number[]): number =>
      (times.find((at) => at > killedAt + 200) ?? killedAt) - killedAt;
    await until(() => resumed(acks()) > 0 && resumed(ledger.accepted) > 0);
    await after(AFTER_MS);
    end.abort();
    await Promise.all(lines);
    const counts = async () => (await control.status(queue)).counts;
    await until(async () => {
      const { wait, active, delayed } = await counts();
      return wait + active + delayed === 0;
    });
    const refused = Object.values(errors).reduce((sum, count) => sum + count, 0);
    return {
      acknowledged: acknowledged.length,
      lost: acknowledged.filter(({ id }) => !ledger.calls.has(id)).length,
      refused,
      errors,
      ranTwice: [...ledger.calls.values()].filter((times) => times > 1).length,
      slots: SLOTS,
      enqueueResumedMs: Math.round(resumed(acks())),
      runResumedMs: Math.round(resumed(ledger.accepted)),
      died: fleet.count(/ died /g),
      inFlightAtTheEnd: (await control.status(queue.limiter)).inFlight,
    };
  } finally {
    end.abort();
    await fleet.stop();
    await Promise.all([producer.close(), control.close()]);
    ledger.close();
  }
}
