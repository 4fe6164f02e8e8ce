import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { type Line, openSource } from "../src/enqueue/source.ts";

const never = new AbortController().signal;

async function read(text: string): Promise<Line[]> {
  const source = await openSource("-", Readable.from([Buffer.from(text)]), never);
  const lines: Line[] = [];
  for await (const line of source.lines) lines.push(line);
  return lines;
}

test("lines are numbered from 1, blank ones counted, either line end", async () => {
  expect(await read("1\r\n\n3\n4")).toEqual([
    { number: 1, text: "1" },
    { number: 2, text: "" },
    { number: 3, text: "3" },
    { number: 4, text: "4" },
  ]);
});

test("U+2028 inside a JSON string ends no line", async () => {
  expect(await read('"a\u2028b"\n')).toEqual([{ number: 1, text: '"a\u2028b"' }]);
});

test("a byte order mark is no part of the first line", async () => {
  expect(await read("\uFEFF{}\n")).toEqual([{ number: 1, text: "{}" }]);
});

test("only what is taken is read", async () => {
  let made = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      made += 1;
      yield Buffer.from(`${"x".repeat(1000)}\n`);
    }
  }
  const source = await openSource("-", Readable.from(endless()), never);
  for await (const { number } of source.lines) if (number === 10) break;
  expect(made).toBeLessThan(200);
});

test("a stop ends the reading without an error", async () => {
  const stop = new AbortController();
  const silent = new Readable({ read: () => undefined });
  const source = await openSource("-", silent, stop.signal);
  const reading = (async () => {
    for await (const _ of source.lines) throw new Error("there is no line");
  })();
  stop.abort();
  await expect(reading).resolves.toBeUndefined();
});

test("a file that is missing, and a folder, are coded errors", async () => {
  for (const name of ["./no-such-file.ndjson", "."]) {
    await expect(openSource(name, process.stdin, never)).rejects.toMatchObject({ code: "HG_INPUT_UNREADABLE" });
  }
});

test("a gzipped file is unpacked, and its share is that of what was read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "headgate-source-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "lines.ndjson.gz");
  await writeFile(file, gzipSync("1\n2\n3\n"));
  const source = await openSource(file, process.stdin, never);
  const texts: string[] = [];
  for await (const { text } of source.lines) texts.push(text);
  expect(texts).toEqual(["1", "2", "3"]);
  expect(source.share()).toBe(1);
  await writeFile(file, gzipSync("1\n2\n3\n").subarray(0, 15));
  const torn = await openSource(file, process.stdin, never);
  await expect(
    (async () => {
      for await (const _ of torn.lines);
    })(),
  ).rejects.toMatchObject({ code: "HG_INPUT_UNREADABLE" });
});
