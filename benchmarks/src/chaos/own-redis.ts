export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** The server's own. */
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

interface Start {
  readonly args?: readonly string[];
  readonly port?: number;
  readonly dir?: string;
}

/** A Redis that may be killed and filled up: the one that `npm run bench` starts is everybody's. */
export async function ownRedis(start: Start): Promise<OwnRedis> {
  const file = new URL("../../../scripts/redis/private.mjs", import.meta.url).href;
  const { startPrivateRedis } = (await import(file)) as { startPrivateRedis(start: Start): Promise<OwnRedis> };
  return startPrivateRedis(start);
}
