import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

type Start = (options: {
  readonly args: readonly string[];
  readonly dir: string;
  readonly port?: number;
}) => Promise<PrivateRedis>;

const scripts: string = new URL("../../../scripts/redis.mjs", import.meta.url).href;
const SAMPLE_MS = 50;
/** `everysec`: what is older than this is on the disk. */
const FSYNC_MS = 1_000;

/** A Redis that writes an append-only file, and that is killed and started again on the same port with the same file. */
export class Server {
  readonly #start: Start;
  readonly #dir: string;
  readonly #fsync: "always" | "everysec";
  readonly #sizes: { readonly at: number; readonly bytes: number }[] = [];
  readonly #sampling: NodeJS.Timeout;
  #redis: PrivateRedis;

  private constructor(start: Start, dir: string, fsync: "always" | "everysec", redis: PrivateRedis) {
    this.#start = start;
    this.#dir = dir;
    this.#fsync = fsync;
    this.#redis = redis;
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  static async start(fsync: "always" | "everysec"): Promise<Server> {
    const { startPrivateRedis } = (await import(scripts)) as { readonly startPrivateRedis: Start };
    const dir = mkdtempSync(join(tmpdir(), "headgate-restarts-"));
    return new Server(startPrivateRedis, dir, fsync, await startPrivateRedis({ dir, args: argsOf(fsync) }));
  }

  get url(): string {
    return this.#redis.url;
  }

  /** As a crash of the process does it; `power`: as if the machine had gone with it, and with it all that was not on the disk. */
  async kill(power: boolean): Promise<void> {
    this.#sample();
    const now = performance.now();
    await this.#redis.kill();
    if (!power) return;
    const safe = this.#sizes.findLast(({ at }) => now - at >= FSYNC_MS);
    truncateSync(this.#file(), safe?.bytes ?? 0);
  }

  async restart(): Promise<void> {
    await this.#redis.stop();
    const { port } = this.#redis;
    this.#sizes.length = 0;
    this.#redis = await this.#start({ dir: this.#dir, port, args: argsOf(this.#fsync) });
  }

  async end(): Promise<void> {
    clearInterval(this.#sampling);
    await this.#redis.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #sample(): void {
    const file = this.#file();
    if (file !== "") this.#sizes.push({ at: performance.now(), bytes: statSync(file).size });
  }

  #file(): string {
    const folder = join(this.#dir, "appendonlydir");
    try {
      const name = readdirSync(folder).find((each) => each.endsWith(".incr.aof"));
      return name === undefined ? "" : join(folder, name);
    } catch {
      // Not written yet.
      return "";
    }
  }
}

/** Rewrites would move what is counted into another file. */
const argsOf = (fsync: string): string[] => [
  "--appendonly",
  "yes",
  "--appendfsync",
  fsync,
  "--auto-aof-rewrite-percentage",
  "0",
];
