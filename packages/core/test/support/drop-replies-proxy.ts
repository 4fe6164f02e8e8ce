import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { compose, composedNames, composeFlow } from "../../src/bullmq/compose.ts";
import { bullmqScripts } from "../../src/bullmq/contract.ts";
import { decoder } from "./resp.ts";

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

/** By the SHA of what Headgate defines, with script flags (Redis 7) and without. */
const scriptNames: ReadonlyMap<string, string> = new Map([
  ...composedNames.flatMap((name) => [true, false].map((flags) => [sha1(compose(name, flags).lua), name] as const)),
  [sha1(composeFlow()), "addFlow"],
  [sha1(bullmqScripts["removeJobScheduler"]?.content ?? ""), "removeJobScheduler"],
]);

/** The BullMQ command that a script stands for; null for everything else on the wire. */
function scriptOf([command, script]: readonly string[]): string | null {
  if (script === undefined) return null;
  if (/^evalsha$/i.test(command ?? "")) return scriptNames.get(script) ?? null;
  return /^eval$/i.test(command ?? "") ? (scriptNames.get(sha1(script)) ?? null) : null;
}

type Decide = (script: string, identity: string) => boolean;

/**
 * A network that loses replies: it stands between a client and Redis, lets a command through, waits until Redis has
 * carried it out, keeps the reply, and cuts the connection. ioredis connects again, and sends what was not answered anew.
 */
export class DropRepliesProxy {
  /** How often each script was sent, re-sent ones included. */
  readonly sent: Map<string, number> = new Map();
  /** How many replies of each script were lost. */
  readonly lost: Map<string, number> = new Map();
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #decide: Decide = () => false;

  private constructor(url: string) {
    this.#target = new URL(url);
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(url: string): Promise<DropRepliesProxy> {
    const proxy = new DropRepliesProxy(url);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** Loses the replies of the next runs of a script. */
  drop(script: string, times = 1): void {
    let left = times;
    this.#decide = (name) => name === script && left-- > 0;
  }

  /** Loses the first reply of every single command: each is carried out at least twice, word for word. */
  dropFirstOfEach(): void {
    const seen = new Set<string>();
    this.#decide = (_, identity) => !seen.has(identity) && seen.add(identity) !== undefined;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const redis = connect(Number(this.#target.port || 6379), this.#target.hostname);
    const end = () => {
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

    const pending: { readonly script: string | null; readonly doomed: boolean }[] = [];
    let held: Buffer[] = [];
    let cut = false;
    let unknown: string | null = null;

    const onCommand = decoder((command) => {
      const [, , ...args] = command as string[];
      const script = scriptOf(command as string[]);
      if (script === null) return void pending.push({ script, doomed: false });
      count(this.sent, script);
      const doomed = this.#decide(script, args.join("\n")) || unknown === script;
      if (doomed) unknown = null;
      pending.push({ script, doomed });
    });
    const onReply = decoder((reply) => {
      const { script, doomed } = pending.shift() ?? { script: null, doomed: false };
      if (script === null || !doomed) return;
      if (reply instanceof Error && reply.message.startsWith("NOSCRIPT")) {
        // Not carried out: the EVAL that follows is the one.
        unknown = script;
        return;
      }
      count(this.lost, script);
      cut = true;
    });
    client.on("data", (chunk: Buffer) => {
      onCommand(chunk);
      redis.write(chunk);
    });
    redis.on("data", (chunk: Buffer) => {
      held.push(chunk);
      onReply(chunk);
      // From the first doomed reply on nothing reaches the client; when all that was asked is carried out, it is cut off.
      if (cut && pending.length === 0) return end();
      if (cut || pending.some(({ doomed }) => doomed) || client.destroyed) return;
      client.write(Buffer.concat(held));
      held = [];
    });
  }
}

const count = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1);
