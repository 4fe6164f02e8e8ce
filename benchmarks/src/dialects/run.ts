import { createProducer } from "headgate/producer";
import { Redis } from "ioredis";
import { Child } from "../process/child.ts";
import { removeKeys } from "../redis/remove-keys.ts";
import type { Dialect } from "./dialect.ts";
import { dialectOf } from "./dialects.ts";
import { queueOf } from "./queue.ts";
import { DialectServer } from "./server.ts";
import type { WorkerOrders } from "./worker-process.ts";

export interface DialectsOptions {
  readonly connection: string;
  readonly dialect: readonly string[];
  readonly seconds: number;
  readonly json?: boolean;
}

/** Of the calls after the API's first response. */
export interface DialectResult {
  readonly dialect: string;
  /** Accepted over what the API accepts under saturating load in the same time. */
  readonly goodput: number;
  /** Share of the calls that were refused. */
  readonly throttled: number;
  readonly calls: number;
  readonly refused: number;
  /** Refused before the first response: nobody could know. */
  readonly refusedBefore: number;
}

const WORKERS = 2;
const CONCURRENCY = 20;
/** The bound on `throttled`. */
const THROTTLED_MOST = 0.001;

export async function runDialects({
  connection,
  dialect,
  seconds,
  json = false,
}: DialectsOptions): Promise<DialectResult[]> {
  const results: DialectResult[] = [];
  console.log(`${WORKERS} processes × ${CONCURRENCY}, ${seconds} s each, 50 calls/s offered, nothing declared\n`);
  console.log(
    `${"dialect".padEnd(14)}${"goodput".padStart(8)}${"throttled".padStart(11)}${"calls".padStart(7)}${"refused".padStart(9)}`,
  );
  const redis = new Redis(connection);
  try {
    for (const name of dialect) {
      const result = await runOne(redis, connection, dialectOf(name), seconds * 1_000);
      results.push(result);
      console.log(rowOf(result));
    }
  } finally {
    redis.disconnect();
  }
  if (json) console.log(JSON.stringify(results));
  return results;
}

function rowOf({ dialect, goodput, throttled, calls, refused, refusedBefore }: DialectResult): string {
  const cells = [goodput.toFixed(3).padStart(8), throttled.toFixed(4).padStart(11), String(calls).padStart(7)];
  const early = refusedBefore > 0 ? `  (+${refusedBefore} before the first response)` : "";
  const over = throttled > THROTTLED_MOST ? "  above 0.1 %" : "";
  return `${dialect.padEnd(14)}${cells.join("")}${String(refused).padStart(9)}${early}${over}`;
}

async function runOne(redis: Redis, connection: string, dialect: Dialect, runMs: number): Promise<DialectResult> {
  const namespace = `dialect-${process.pid}-${dialect.name}`;
  const server = new DialectServer(dialect, runMs);
  const orders: WorkerOrders = {
    connection,
    namespace,
    dialect: dialect.name,
    concurrency: CONCURRENCY,
    url: await server.listen(),
  };
  const crew = Array.from(
    { length: WORKERS },
    (_, index) => new Child(`worker ${index}`, "dialects/worker-process", orders),
  );
  const demand = new AbortController();
  const feeding = feed(connection, namespace, dialect, demand.signal);
  try {
    await Promise.all(crew.map((child) => child.ask("start")));
    await Promise.race([server.reach(runMs), feeding]);
    const { goodput, calls, refused, refusedBefore } = server.report(runMs);
    return { dialect: dialect.name, goodput, throttled: refused / calls, calls, refused, refusedBefore };
  } finally {
    demand.abort();
    await feeding;
    await Promise.all(crew.map((child) => child.end()));
    await server.close();
    await removeKeys(redis, namespace);
  }
}

/** There is always a job, until it is told to stop. */
async function feed(connection: string, namespace: string, dialect: Dialect, signal: AbortSignal): Promise<void> {
  await using producer = createProducer({ connection });
  function* endless(): Generator<number> {
    for (let n = 0; ; n++) yield n;
  }
  try {
    for await (const { accepted } of producer.enqueueMany(queueOf(namespace, dialect), endless(), { signal })) {
      if (!accepted) throw new Error("a job was refused");
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
