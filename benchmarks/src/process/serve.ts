/** The child's end of child.ts. */
type Answers = Readonly<Record<string, (parameter: never) => unknown>>;

interface Ask {
  readonly id: number;
  readonly what: string;
  readonly parameter: unknown;
}

export const ordersOf = <T>(): T => JSON.parse(process.argv[2] ?? "null") as T;

/** Answers what it is asked until its parent is gone, however that went: then there is nobody to work for. */
export function serve(answers: Answers): void {
  // Ctrl-C reaches the whole process group: the parent decides what it means.
  process.on("SIGINT", () => undefined);
  process.once("disconnect", () => process.exit(0));
  process.on("message", async ({ id, what, parameter }: Ask) => {
    try {
      const value = await answers[what]?.(parameter as never);
      process.send?.({ id, value });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}
