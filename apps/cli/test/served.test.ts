import { defineQueue } from "headgate";
import { expect, test } from "vitest";
import { changesOf, servedBy } from "../src/worker/served.ts";

const config = (concurrency: Record<string, number | undefined>) => ({
  queues: new Map(
    Object.entries(concurrency).map(([name, slots]) => [name, { queue: defineQueue(name), concurrency: slots }]),
  ),
});

const served = (concurrency: Record<string, number | undefined>) =>
  servedBy(config(concurrency), Object.keys(concurrency), {});

test("slots are those of the flag, else of the config, else ten", () => {
  const queues = config({ a: 2, b: undefined });
  expect(servedBy(queues, ["a", "b"], {}).map(({ slots }) => slots)).toEqual([2, 10]);
  expect(servedBy(queues, ["a", "b"], { concurrency: 7 }).map(({ slots }) => slots)).toEqual([7, 7]);
});

test("what a config that was read anew changes is said", () => {
  expect(changesOf(served({ a: 2, b: 2 }), served({ a: 5, c: 1 }))).toEqual({
    added: "c",
    removed: "b",
    resized: "a:2->5",
  });
  expect(changesOf(served({ a: 2 }), served({ a: 2 }))).toBeNull();
});
