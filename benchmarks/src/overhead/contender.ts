/** One run's figures: jobs per second, and the 99th percentile of one call's latency (ms). */
export interface Enqueued {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** One side of the comparison, over a fresh queue. */
export interface Contender {
  enqueue(jobs: number): Promise<Enqueued>;
  /** Works off what `enqueue` stored; jobs per second. */
  process(jobs: number): Promise<number>;
  close(): Promise<void>;
}

/** Small, and shaped like what people enqueue. */
export interface Payload {
  readonly documentId: string;
  readonly words: number;
  readonly tags: readonly string[];
}

export const payloadOf = (index: number): Payload => ({
  documentId: `document-${index}`,
  words: 900,
  tags: ["summary", "en"],
});

export const IN_FLIGHT = 200;
export const CONCURRENCY = 100;
export const LOCK_MS = 15_000;
export const STALLED_MS = 5_000;
/** Retention of both sides: none of the jobs goes while a run lasts. */
export const KEEP = { age: 86_400, count: 100_000 } as const;

/** Calls `add` for every index with a fixed number on the way, and measures each. */
export async function flood(jobs: number, add: (index: number) => Promise<unknown>): Promise<Enqueued> {
  const latencies = new Float64Array(jobs);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < jobs; index = next++) {
      const started = performance.now();
      await add(index);
      latencies[index] = performance.now() - started;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - started) / 1_000;
  latencies.sort();
  return { perSecond: jobs / seconds, p99Ms: latencies[Math.ceil(jobs * 0.99) - 1] ?? Number.NaN };
}

/** A run that takes longer hangs (ms). */
const LONGEST_MS = 180_000;

export interface FinishLine {
  /** To be called for every job that is done. */
  readonly passed: () => void;
  readonly failed: (error: Error) => void;
  /** Jobs per second; the clock starts at the first job. */
  readonly perSecond: Promise<number>;
}

export function finishLine(count: number): FinishLine {
  let done = 0;
  let first = 0;
  let passed = (): void => undefined;
  let failed: (error: Error) => void = () => undefined;
  const perSecond = new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => failed(new Error(`${done} of ${count} jobs done in ${LONGEST_MS} ms`)), LONGEST_MS);
    failed = (error) => {
      clearTimeout(late);
      reject(error);
    };
    passed = () => {
      done++;
      if (done === 1) first = performance.now();
      if (done !== count) return;
      clearTimeout(late);
      resolve(((count - 1) / (performance.now() - first)) * 1_000);
    };
  });
  return { passed: () => passed(), failed: (error) => failed(error), perSecond };
}
