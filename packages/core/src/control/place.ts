import { encodeId } from "../define/id.ts";
import type { Queue } from "../define/queue.ts";
import type { Client } from "../redis/connection.ts";
import { limiterKey } from "../redis/keys.ts";
import { runScript } from "../redis/scripts.ts";

export type JobState =
  | "wait"
  | "prioritized"
  | "delayed"
  | "active"
  | "waiting-children"
  | "completed"
  | "failed"
  /** Its hash is there, and it stands in none of BullMQ's lists. */
  | "unknown";

/** Where one job stands, at one moment; lua/commands/place.lua. */
export interface Place {
  /** Epoch ms on Redis' clock. */
  readonly now: number;
  readonly state: JobState;
  /** Jobs of its queue that are fetched before it. */
  readonly ahead: number;
  readonly dueInMs: number;
  readonly enqueuedAt: number;
  readonly processedOn: number | null;
  readonly finishedOn: number | null;
  readonly attemptsMade: number;
  readonly attempts: number;
  readonly failedReason: string | null;
  readonly parent: string | null;
  /** Children that have not ended. */
  readonly children: number;
  readonly deferrals: number;
  /** It is delayed because the API throttled it. */
  readonly deferred: boolean;
  /** Until the job could have a permit if nobody stood before it; null when the queue was never registered. */
  readonly permitInMs: number | null;
  /** Until the learned rate gives its next permit. */
  readonly paceInMs: number;
  /** What it costs, in the order of the limiter's limits. */
  readonly cost: readonly number[];
  /** What those cost that are fetched before it, the next one first: of the first 256, where not all cost the same. */
  readonly line: readonly (readonly number[])[];
  /** What its queue was served, in shares of the scarcest limit's period. */
  readonly served: number;
  /** The limiter's other queues in which jobs wait that somebody works on. */
  readonly others: readonly Rival[];
  /** What each limit granted of late: when a hundredth of its period began (epoch ms), and how much; null where that is not kept. */
  readonly windows: readonly (readonly (readonly [number, number])[])[] | null;
  /** When deferred jobs come back to the head (ms from now). */
  readonly returningInMs: readonly number[];
  /** Start, end and weight of jobs that ended of late. */
  readonly runs: readonly (readonly [number, number, number])[];
  /** When those started that run now, and their weight. */
  readonly running: readonly (readonly [number, number])[];
  /** When it has to have started (epoch ms). */
  readonly deadline: number | null;
  /** Name of the worker that runs or ran it. */
  readonly worker: string | null;
  /** How often its worker died or stood still. */
  readonly stalls: number;
  /** Of a job that runs: how long its worker's lock still holds (ms); 0 when the worker has let it go, or died. */
  readonly lockMs: number | null;
}

export interface Rival {
  readonly waiting: number;
  /** Of one of its jobs, in the mean. */
  readonly cost: readonly number[];
  readonly served: number;
}

interface PlaceReply {
  now: number;
  state: JobState;
  ahead: number;
  dueIn: number;
  timestamp: number;
  processedOn?: number;
  finishedOn?: number;
  attemptsMade: number;
  failedReason?: string;
  parent?: string;
  children: number;
  deferrals: number;
  deferred: boolean;
  opts?: string;
  permitIn?: number;
  paceIn: number;
  own?: number[];
  line?: number[][];
  windows?: { slots?: [number, number][] }[];
  served: number;
  others?: { waiting: number; cost?: number[]; served: number }[];
  returning?: number[];
  runs?: [number, number, number][];
  running?: [number, number][];
  deadline?: number;
  worker?: string;
  stalls: number;
  lockMs?: number;
}

const attemptsOf = (opts: string | undefined): number => {
  const { attempts } = JSON.parse(opts ?? "{}") as { attempts?: number };
  return attempts ?? 1;
};

/** Null when there is no such job. One that plain BullMQ made is found by BullMQ's id. */
export async function readPlace(client: Client, queue: Queue, id: string): Promise<Place | null> {
  const { prefix } = queue.limiter;
  const look = async (stored: string): Promise<string> =>
    String(await runScript(client, "place", [limiterKey(prefix), prefix, queue.name, stored, ""]));
  const text = (await look(encodeId(id))) || (await look(id));
  if (text === "") return null;
  const reply = JSON.parse(text) as PlaceReply;
  return {
    now: reply.now,
    state: reply.state,
    ahead: reply.ahead,
    dueInMs: reply.dueIn,
    enqueuedAt: reply.timestamp,
    processedOn: reply.processedOn ?? null,
    finishedOn: reply.finishedOn ?? null,
    attemptsMade: reply.attemptsMade,
    attempts: attemptsOf(reply.opts),
    failedReason: reply.failedReason || null,
    parent: reply.parent ?? null,
    children: reply.children,
    deferrals: reply.deferrals,
    deferred: reply.deferred,
    permitInMs: reply.permitIn ?? null,
    paceInMs: reply.paceIn,
    cost: reply.own ?? [],
    line: reply.line ?? [],
    served: reply.served,
    others: (reply.others ?? []).map(({ waiting, cost, served }) => ({ waiting, cost: cost ?? [], served })),
    windows: reply.windows?.map(({ slots }) => slots ?? []) ?? null,
    returningInMs: reply.returning ?? [],
    runs: reply.runs ?? [],
    running: reply.running ?? [],
    deadline: reply.deadline ?? null,
    worker: reply.worker || null,
    stalls: reply.stalls,
    lockMs: reply.lockMs ?? null,
  };
}
