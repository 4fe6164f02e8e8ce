import { setTimeout as sleep } from "node:timers/promises";
import { defineLimiter, defineQueue, type Queue } from "headgate";
import { type Control, createControl, type Explanation } from "headgate/control";
import { createProducer } from "headgate/producer";
import { Crew } from "./crew.ts";
import { BACKOFF_MS, type Line, type Scenario } from "./scenario.ts";

/** What was said of one job, and what came of it. */
export interface Answer {
  readonly place: number;
  readonly said: Explanation;
  readonly happenedMs: number;
}

/** Fills the queues, asks while they are worked off, and waits until the jobs that were asked about have started. */
export async function runScenario(
  scenario: Scenario,
  connection: string,
  namespace: string,
): Promise<readonly Answer[]> {
  const limiter = defineLimiter(scenario.name, { namespace, adaptive: false, ...scenario.limiter });
  const queues = scenario.lines.map(({ cost }, index) =>
    defineQueue<number>(`q${index}`, {
      limiter,
      attempts: 2,
      backoff: { type: "fixed", delay: BACKOFF_MS },
      ...(cost === undefined ? {} : { cost }),
    }),
  );
  const [queue] = queues;
  if (queue === undefined) throw new Error(`scenario ${scenario.name} has no queue`);
  await using control = createControl({ connection });
  await Promise.all(scenario.lines.map((line, index) => fill(queues[index] ?? queue, line, connection)));
  if (scenario.gateMs !== undefined) await control.pause(limiter, { for: scenario.gateMs });

  const crew = new Crew(scenario, queues, connection);
  try {
    await crew.start();
    await crew.reached(scenario.after);
    // A run that failed or was throttled has been put back by then.
    if (scenario.ending !== undefined) await sleep(3 * scenario.runMs);
    return await Promise.all(scenario.asked.map((place) => ask(control, queue, crew, place)));
  } finally {
    await crew.close();
  }
}

async function ask(control: Control, queue: Queue<number>, crew: Crew, place: number): Promise<Answer> {
  const askedAt = performance.now();
  const said = await control.explain(queue, `job-${place}`);
  return { place, said, happenedMs: Math.round((await crew.startOf(place, askedAt)) - askedAt) };
}

async function fill(queue: Queue<number>, { jobs, priority, delayMs }: Line, connection: string): Promise<void> {
  await using producer = createProducer({ connection });
  for (let place = 0; place < jobs; place++) {
    const urgency = priority?.(place);
    const delay = delayMs?.(place) ?? 0;
    const options = { ...(urgency === undefined ? {} : { priority: urgency }), ...(delay > 0 ? { delay } : {}) };
    const { accepted } = await producer.enqueue(queue, place, { id: `job-${place}`, ...options });
    if (!accepted) throw new Error(`job ${place} was refused`);
  }
}
