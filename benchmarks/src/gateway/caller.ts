import { Agent, request } from "node:http";
import { setTimeout as after } from "node:timers/promises";

export interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** From sending to the end of the answer. */
  readonly ms: number;
}

/** Posts jobs over kept-alive connections. */
export class Caller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 128 });
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = `${url}/queues/overload/jobs`;
    this.#token = token;
  }

  post(body: string, key?: string): Promise<Reply> {
    const start = performance.now();
    const headers = {
      authorization: `Bearer ${this.#token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#url, { method: "POST", agent: this.#agent, headers }, (response) => {
        response.resume().on("end", () => {
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers["retry-after"],
            ms: performance.now() - start,
          });
        });
      });
      outgoing.on("error", reject).end(body);
    });
  }

  /** Sends one job until it is in, and comes back when it is told to. How often it asked; null when time was up before. */
  async obey(key: string, signal: AbortSignal): Promise<number | null> {
    for (let tries = 1; !signal.aborted; tries++) {
      const { status, retryAfter } = await this.post('{"polite":true}', key);
      if (status === 202) return tries;
      await after(Number(retryAfter) * 1_000, undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  close(): void {
    this.#agent.destroy();
  }
}
