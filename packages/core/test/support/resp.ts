import { createRequire } from "node:module";

interface Decoder {
  write(chunk: Buffer): void;
}

interface DecoderOptions {
  onReply(reply: unknown): void;
  onErrorReply(error: Error): void;
  onPush(push: unknown[]): void;
  getTypeMapping(): Readonly<Record<number, unknown>>;
}

/** ioredis' own decoder (RESP2 and RESP3); not among its exports, and its types do not stand on their own. */
const { Decoder } = createRequire(import.meta.url)("ioredis/built/resp/decoder.js") as {
  Decoder: new (options: DecoderOptions) => Decoder;
};

/** Calls back once for every whole message; a command is an array of strings, an error reply an Error. */
export function decoder(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  const parser = new Decoder({
    onReply: onMessage,
    onErrorReply: onMessage,
    onPush: () => undefined,
    getTypeMapping: () => ({}),
  });
  return (chunk) => parser.write(chunk);
}
