/** One line of NDJSON: what it holds, or why it holds nothing. */
export type Line = { readonly value: unknown } | { readonly broken: 400 | 413; readonly why: string };

const NEWLINE = 0x0a;

/**
 * Lines of a byte stream, each at most `maxBytes` long: of one that is longer the rest is skipped, and it is reported in its
 * place. Blank lines are left out. Memory: one line and one chunk.
 */
export async function* ndjsonLines(
  source: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length <= maxBytes) parts.push(piece);
    else parts = [];
  };
  const finish = (): Line | null => {
    const line = length > maxBytes ? tooLong(maxBytes) : parse(Buffer.concat(parts));
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      const line = finish();
      if (line) yield line;
    }
    take(chunk.subarray(start));
  }
  const last = finish();
  if (last) yield last;
}

const tooLong = (maxBytes: number): Line => ({ broken: 413, why: `A line is longer than ${maxBytes} bytes.` });

function parse(bytes: Buffer): Line | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.trim() === "" ? null : { value: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the line: job data.
    return { broken: 400, why: "The line is no JSON in UTF-8." };
  }
}
