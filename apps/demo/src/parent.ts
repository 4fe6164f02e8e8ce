import { once } from "node:events";
import { type ApiSays, type ProducerSays, STOP, type WorkerSays } from "./messages.ts";

type Says = ApiSays | ProducerSays | WorkerSays;

/** The children's end of the line to the supervisor. Resolves when the message is out. */
export function tell<T extends Says>(says: T): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(says, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Resolves when the supervisor says stop. */
export async function toldToStop(): Promise<void> {
  for (;;) {
    const [message] = await once(process, "message");
    if (message === STOP) return;
  }
}

/** Ctrl-C reaches the whole process group: the supervisor decides what it means. Without a supervisor there is no child. */
export function liveWithParent(): void {
  process.on("SIGINT", () => {});
  process.once("disconnect", () => process.exit(1));
}

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this process is started by the demo (npm run demo)`);
  return value;
}
