import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { decoder } from "./resp.ts";

/** A network between a client and Redis that goes away and comes back, hangs, or answers like a Redis that cannot serve. */
export class OutageProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #port = 0;
  #held = false;
  #error: string | null = null;
  readonly #release = new Set<() => void>();
  readonly #strands = new Set<() => void>();

  private constructor(url: string) {
    this.#target = new URL(url);
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(url: string): Promise<OutageProxy> {
    const proxy = new OutageProxy(url);
    await proxy.#listen();
    proxy.#port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Nobody listens, and what was open is reset. */
  async cut(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Connected, but no answer comes. */
  hold(): void {
    this.#held = true;
  }

  /** What is connected now never hears again, and is not told so; who connects anew does. */
  strand(): void {
    for (const strand of this.#strands) strand();
  }

  /** Every command gets this answer, and none reaches Redis. */
  refuse(error: string): void {
    this.#error = error;
  }

  /** Everything is as before. */
  async restore(): Promise<void> {
    this.#held = false;
    this.#error = null;
    for (const release of this.#release) release();
    if (!this.#server.listening) await this.#listen();
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.cut();
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  #join(client: Socket): void {
    const redis = connect(Number(this.#target.port || 6379), this.#target.hostname);
    const answers: Buffer[] = [];
    let stranded = false;
    const strand = () => {
      stranded = true;
    };
    this.#strands.add(strand);
    const release = () => {
      if (!this.#held && !stranded) for (const answer of answers.splice(0)) client.write(answer);
    };
    this.#release.add(release);
    const end = () => {
      this.#release.delete(release);
      this.#strands.delete(strand);
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      this.#sockets.add(socket.setNoDelay(true));
      socket.on("error", end).on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    const refused = decoder(() => client.write(`-${this.#error}\r\n`));
    client.on("data", (chunk: Buffer) => {
      if (stranded) return;
      if (this.#error === null) redis.write(chunk);
      else refused(chunk);
    });
    redis.on("data", (chunk: Buffer) => {
      answers.push(chunk);
      release();
    });
  }
}
