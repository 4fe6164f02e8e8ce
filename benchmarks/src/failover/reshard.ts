import { setTimeout as after } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Event } from "./event.ts";
import type { PrivateRedis } from "./site.ts";

/** Slowly, as a slot with many keys would: what happens half-way is what there is to see. */
const PAGE = 10;
const PAUSE_MS = 40;
const TIMEOUT_MS = 5_000;

/** The limiter's slot moves to another master while everybody works. */
export const slotMoved: Event = async ({ primary, slot }) => {
  if (slot === undefined) throw new Error("expected a cluster");
  const at = performance.now();
  console.error(JSON.stringify(await moveSlot(slot.key, primary, slot.other)));
  return at;
};

/** The slot of a key moves to another master, as `redis-cli --cluster reshard` does it: a page of keys at a time. */
async function moveSlot(key: string, from: PrivateRedis, to: PrivateRedis): Promise<{ keys: number; ms: number }> {
  const source = new Redis(from.port, "127.0.0.1");
  const target = new Redis(to.port, "127.0.0.1");
  const began = performance.now();
  const slot = Number(await source.cluster("KEYSLOT", key));
  const [fromId, toId] = [await source.cluster("MYID"), await target.cluster("MYID")].map(String);
  await target.cluster("SETSLOT", slot, "IMPORTING", fromId ?? "");
  await source.cluster("SETSLOT", slot, "MIGRATING", toId ?? "");
  let keys = 0;
  for (;;) {
    const page = (await source.cluster("GETKEYSINSLOT", slot, PAGE)) as string[];
    if (page.length === 0) break;
    await source.migrate("127.0.0.1", to.port, "", 0, TIMEOUT_MS, "KEYS", ...page);
    keys += page.length;
    await after(PAUSE_MS);
  }
  for (const node of [target, source]) await node.cluster("SETSLOT", slot, "NODE", toId ?? "");
  source.disconnect();
  target.disconnect();
  return { keys, ms: Math.round(performance.now() - began) };
}
