import { type Control, createControl } from "headgate/control";
import type { Connection } from "headgate/worker";

/** Opens a control for one piece of work and closes it, whatever comes. */
export async function withControl<T>(connection: Connection, work: (control: Control) => Promise<T>): Promise<T> {
  const control = createControl({ connection });
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}
