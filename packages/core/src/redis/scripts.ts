import { allowOom, compose, composedNames, composeFlow, FLOW } from "../bullmq/compose.ts";
import type { Client } from "./connection.ts";
import { scripts } from "./scripts.generated.ts";
import type { Server } from "./server.ts";

type Own = "register" | "control" | "inspect" | "iteration" | "place" | "review";
const own: readonly Own[] = ["register", "control", "inspect", "iteration", "place", "review"];

/** Makes all commands known to a client: BullMQ's, composed with ours, and our own. */
export function defineScripts(client: Client, server: Server): void {
  for (const name of composedNames) {
    const { name: command, keys, lua } = compose(name, server.scriptFlags);
    client.defineCommand(command, { numberOfKeys: keys, lua });
  }
  client.defineCommand(FLOW, { lua: composeFlow() });
  for (const name of own) {
    // Operators and workers that start must get through when memory is full, too.
    client.defineCommand(`hg:${name}`, {
      numberOfKeys: scripts[name].keys,
      lua: allowOom(scripts[name].lua, server.scriptFlags),
    });
  }
}

/** Runs one of our own scripts; ioredis falls back from EVALSHA to EVAL by itself. */
export function runScript(client: Client, name: Own, args: readonly (string | number)[]): Promise<unknown> {
  const command = (client as unknown as Record<string, (args: readonly (string | number)[]) => Promise<unknown>>)[
    `hg:${name}`
  ];
  if (!command) throw new Error(`script ${name} is not defined on this client`);
  return command.call(client, args);
}
