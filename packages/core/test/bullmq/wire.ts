import { composedName } from "../../src/bullmq/compose.ts";
import type { Space } from "../support/redis.ts";

export type Args = (string | number | boolean | Buffer | undefined)[];
type Run = (name: string, args: Args) => Promise<unknown>;

/** Where an ending (a JSON array; lua/lib/finish.lua) has the time to use instead of Redis' own. */
const ENDING_NOW = 9;

/** Puts virtual time into the arguments of a composed command. */
function timed(commandName: string, given: Args, now: number): Args {
  const args = [...given];
  const last = args.length - 1;
  if (commandName === "moveToActive") {
    args[last] = now;
  } else if (commandName.startsWith("add")) {
    args[last] = JSON.stringify({ slot: 0, ...(JSON.parse(String(args[last] || "{}")) as object), now });
  } else {
    // The deferral flag follows the ending in moveToDelayed.
    const at = commandName === "moveToDelayed" ? last - 1 : last;
    const ending = JSON.parse(String(args[at])) as unknown[];
    ending[ENDING_NOW] = now;
    args[at] = JSON.stringify(ending);
  }
  return args;
}

/** Virtual time, and how often every command is sent: what a test holds in its hand. */
export class Wire {
  now: number;
  /** 2: every composed command is sent a second time with the very same arguments; the second reply is the one that counts. */
  sends = 1;
  readonly replies: unknown[] = [];

  constructor(now: number) {
    this.now = now;
  }

  run(client: unknown, commandName: string): unknown {
    if (composedName(commandName) === null || commandName.startsWith("extend")) return client;
    const send: Run = (client as { runCommand: Run }).runCommand.bind(client);
    const runCommand: Run = async (name, given) => {
      const args = timed(commandName, given, this.now);
      let reply: unknown;
      for (let sent = 0; sent < this.sends; sent++) {
        reply = await send(name, args);
        this.replies.push(reply);
      }
      return reply;
    };
    return { runCommand };
  }
}

/** Virtual time starts where Redis is, because registration takes Redis' time. */
export async function wireOf(space: Space): Promise<Wire> {
  const [seconds] = await space.client.time();
  return new Wire(Number(seconds) * 1_000 + 2_000);
}
