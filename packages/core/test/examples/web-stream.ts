import { mail, producer } from "./queues.ts";

/** A response of any size, a job a line; the signal ends it, also while it waits for room. */
export async function sendFrom(url: string, signal: AbortSignal): Promise<void> {
  const { body } = await fetch(url, { signal });
  let rest = "";
  const lines = new TransformStream<string, { to: string }>({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const to of parts) controller.enqueue({ to });
    },
  });
  await body?.pipeThrough(new TextDecoderStream()).pipeThrough(lines).pipeTo(producer.writableStream(mail, { signal }));
}
