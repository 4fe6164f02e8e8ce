import { RedisQueueBackend } from "bullmq";
import { describe, expect, it } from "vitest";
import { compose, composedName, composedNames, composeFlow, flowBodies } from "../../src/bullmq/compose.ts";
import {
  type BullScript,
  bullmqScripts,
  checkBullmq,
  differences,
  expectedScripts,
} from "../../src/bullmq/contract.ts";

const methods = (name: string): boolean =>
  typeof (RedisQueueBackend.prototype as unknown as Record<string, unknown>)[name] === "function";

const without = (name: string): Record<string, BullScript> => {
  const { [name]: _, ...rest } = bullmqScripts;
  return rest;
};
const changed = (name: string, change: (script: BullScript) => Partial<BullScript>): Record<string, BullScript> => {
  const script = bullmqScripts[name] as BullScript;
  return { ...bullmqScripts, [name]: { ...script, ...change(script) } };
};

describe("the installed bullmq", () => {
  it("is one that Headgate composes with", () => {
    expect(differences(bullmqScripts, methods)).toEqual([]);
    expect(() => checkBullmq()).not.toThrow();
  });

  it("has its job id and lock token where the backend looks for them", async () => {
    // worker-backend.ts reads them by position: each must be what BullMQ's own script calls by that name.
    const header = (name: string): string => (bullmqScripts[name] as BullScript).content;
    expect(header("moveToFinished")).toMatch(/local jobId\s*=\s*ARGV\[1\]/);
    expect(header("retryJob")).toMatch(/ARGV\[4\]/);
    expect((bullmqScripts["moveToFinished"] as BullScript).keys).toBe(14);
    expect((bullmqScripts["moveToDelayed"] as BullScript).keys + 2).toBe(13);
    expect((bullmqScripts["retryJob"] as BullScript).keys + 3).toBe(14);
    expect((bullmqScripts["moveJobFromActiveToWait"] as BullScript).keys).toBe(9);
    expect((bullmqScripts["moveToWaitingChildren"] as BullScript).keys).toBe(7);
  });
});

describe("another bullmq is refused, and what differs is named", () => {
  it.each(Object.keys(expectedScripts))("%s is missing", (name) => {
    expect(differences(without(name), methods)).toEqual([`no script ${name}`]);
  });

  it.each(Object.entries(expectedScripts))("%s takes another number of keys", (name, { keys }) => {
    expect(
      differences(
        changed(name, () => ({ keys: keys + 1 })),
        methods,
      ),
    ).toEqual([`${name} takes ${keys + 1} keys, not ${keys}`]);
  });

  it.each(Object.entries(expectedScripts))("%s reads an argument where ours begin", (name, { args }) => {
    const found = differences(
      changed(name, ({ content }) => ({ content: `${content}\nlocal more = ARGV[${args + 1}]` })),
      methods,
    );
    expect(found).toEqual([`${name} reads ${args + 1} arguments, not ${args}`]);
  });

  it.each([
    "execCommand",
    "addJobToTransaction",
    "moveToFinishedArgs",
    "moveToDelayedArgs",
    "retryJobArgs",
    "moveToWaitingChildrenArgs",
    "moveJobFromActiveToWait",
    "waitForJob",
  ])("RedisQueueBackend has no %s", (name) => {
    expect(differences(bullmqScripts, (method) => method !== name && methods(method))).toEqual([
      `RedisQueueBackend has no ${name}()`,
    ]);
  });

  it("all at once", () => {
    expect(differences({}, () => false).length).toBe(Object.keys(expectedScripts).length + 10);
  });
});

describe("composing", () => {
  it("covers every script of the contract, and nothing else", () => {
    expect([...new Set([...composedNames, ...flowBodies])].sort()).toEqual(Object.keys(expectedScripts).sort());
    expect(composedName("promote")).toBeNull();
    expect(composedName("moveToActive")).toBe("hg:moveToActive");
  });

  it.each(flowBodies)("a flow holds the installed text of %s unchanged", (name) => {
    expect(composeFlow()).toContain((bullmqScripts[name] as BullScript).content);
  });

  it.each([...composedNames])("%s holds the installed text unchanged", (name) => {
    const { lua, keys } = compose(name, true);
    const script = bullmqScripts[name] as BullScript;
    expect(lua).toContain(script.content);
    expect(keys).toBe(script.keys);
  });

  it("lets what fetches, settles or removes run in full memory, and never an admission", () => {
    for (const name of composedNames) {
      expect(compose(name, true).lua.startsWith("#!lua flags=allow-oom\n"), name).toBe(!name.startsWith("add"));
      expect(compose(name, false).lua.startsWith("#!"), `${name} on Redis 6`).toBe(false);
    }
  });
});
