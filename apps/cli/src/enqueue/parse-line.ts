import { z } from "zod";

export interface LineFormat {
  /** Each line is `{ payload, id?, priority? }` instead of the payload itself. */
  readonly envelope: boolean;
  /** The field of the payload that is the job's id. */
  readonly idField: string | undefined;
}

/** What one line asks to be enqueued. */
export interface LineJob {
  readonly payload: unknown;
  readonly id?: string;
  readonly priority?: number;
}

export type ParsedLine =
  | { readonly kind: "job"; readonly job: LineJob }
  | { readonly kind: "blank" }
  | { readonly kind: "invalid"; readonly why: string };

/** BullMQ's largest priority. */
const LEAST_URGENT = 2_097_151;

const envelope = z.strictObject({
  id: z.string("a string").min(1, "a string that is not empty").optional(),
  payload: z.unknown().optional(),
  priority: z.int("a whole number").min(1, "at least 1").max(LEAST_URGENT, `at most ${LEAST_URGENT}`).optional(),
});

export function parseLine(text: string, format: LineFormat): ParsedLine {
  if (text.trim() === "") return { kind: "blank" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "invalid", why: `not JSON: ${(error as SyntaxError).message}` };
  }
  return format.envelope ? fromEnvelope(value) : fromPayload(value, format.idField);
}

function fromEnvelope(value: unknown): ParsedLine {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) {
    const why = parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join(".")}: expected ${message}`,
    );
    return { kind: "invalid", why: `no envelope { payload, id?, priority? }: ${why.join("; ")}` };
  }
  const { id, payload, priority } = parsed.data;
  if (payload === undefined)
    return { kind: "invalid", why: "no envelope { payload, id?, priority? }: payload is missing" };
  return {
    kind: "job",
    job: { payload, ...(id === undefined ? {} : { id }), ...(priority === undefined ? {} : { priority }) },
  };
}

function fromPayload(payload: unknown, idField: string | undefined): ParsedLine {
  if (idField === undefined) return { kind: "job", job: { payload } };
  const id = typeof payload === "object" && payload !== null ? Reflect.get(payload, idField) : undefined;
  if (typeof id === "string" && id !== "") return { kind: "job", job: { payload, id } };
  // A number beyond 2^53 was already rounded by JSON.parse: two lines could share an id.
  if (Number.isSafeInteger(id)) return { kind: "job", job: { payload, id: String(id) } };
  return { kind: "invalid", why: `id field "${idField}": expected a string or a whole number` };
}
