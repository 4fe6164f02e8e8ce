import { createReadStream, type ReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { headgateError } from "headgate/internal";
import split from "split2";

export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number;
  readonly text: string;
}

export interface Source {
  readonly lines: AsyncIterable<Line>;
  /**
   * How much of it has been taken as lines, 0 to 1; null when its size is not known, as for a pipe. Not what was read:
   * a whole file of 100 KB is read ahead before its first line is admitted.
   */
  share(): number | null;
}

/** Far above the default payload limit of 1 MiB; a file without line ends must not fill the memory. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** A file, or standard input for `-`. Read only as fast as lines are taken. */
export async function openSource(name: string, stdin: Readable, stop: AbortSignal): Promise<Source> {
  if (name === "-") return { lines: linesOf(stdin, name, stop), share: () => null };
  const { file, size, zipped } = await openFile(name);
  if (zipped) {
    // Of what is packed only what has been read can be counted; it is read ahead by some hundred lines.
    return {
      lines: linesOf(
        pipeline(file, createGunzip(), () => undefined),
        name,
        stop,
      ),
      share: () => Math.min(1, file.bytesRead / size),
    };
  }
  const taken = { bytes: 0 };
  return {
    lines: counted(linesOf(file, name, stop), taken),
    share: () => (size === 0 ? null : Math.min(1, taken.bytes / size)),
  };
}

/** A line that is asked for means that the one before it has been dealt with. */
async function* counted(lines: AsyncIterable<Line>, taken: { bytes: number }): AsyncGenerator<Line> {
  for await (const line of lines) {
    yield line;
    taken.bytes += Buffer.byteLength(line.text) + 1;
  }
}

/**
 * Not node:readline, which also ends a line at U+2028 and U+2029: both may stand inside a JSON string.
 */
async function* linesOf(stream: Readable, name: string, stop: AbortSignal): AsyncGenerator<Line> {
  const lines: Readable = pipeline(stream, split(/\r?\n/, { maxLength: LONGEST_LINE }), () => undefined);
  const end = (): void => void lines.destroy();
  stop.addEventListener("abort", end, { once: true });
  let number = 0;
  try {
    for await (const text of lines) {
      number += 1;
      yield { number, text: number === 1 ? withoutByteOrderMark(String(text)) : String(text) };
    }
  } catch (error) {
    if (stop.aborted) return;
    throw unreadable(name, error, `after line ${number}`);
  } finally {
    stop.removeEventListener("abort", end);
  }
}

const withoutByteOrderMark = (text: string): string => text.replace(/^\uFEFF/, "");

/** RFC 1952: what a gzip file begins with. JSON never does. */
const GZIP = Buffer.from([0x1f, 0x8b]);

async function openFile(name: string): Promise<{ file: ReadStream; size: number; zipped: boolean }> {
  try {
    const found = await stat(name);
    if (found.isDirectory()) throw new Error("it is a folder");
    // A pipe that has a name, as <(zcat …), must not lose its first bytes.
    const zipped = found.isFile() && (await beginsWith(name, GZIP));
    return { file: createReadStream(name), size: found.size, zipped };
  } catch (error) {
    throw unreadable(name, error, "at the start");
  }
}

async function beginsWith(name: string, bytes: Buffer): Promise<boolean> {
  const file = await open(name);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
    return bytesRead === bytes.length && buffer.equals(bytes);
  } finally {
    await file.close();
  }
}

function unreadable(name: string, error: unknown, where: string): Error {
  return headgateError("HG_INPUT_UNREADABLE", {
    message: `${name === "-" ? "standard input" : name} cannot be read ${where}.`,
    expected: `NDJSON: one JSON value a line, at most ${LONGEST_LINE} bytes each`,
    got: error instanceof Error ? error.message : String(error),
    fix: "name a readable file, or - for standard input",
    cause: error,
  });
}
