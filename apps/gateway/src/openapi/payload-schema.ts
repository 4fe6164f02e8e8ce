import type { Queue } from "headgate";

type Json = Readonly<Record<string, unknown>>;

/** The Standard JSON Schema extension (standardschema.dev), which zod from 4.2 on and others have. */
interface DescribesItself {
  readonly "~standard": { readonly jsonSchema?: { input(options: { readonly target: "draft-2020-12" }): Json } };
}

/** What a queue takes, as JSON Schema; where its schema cannot say, anything: the queue itself decides. */
export function payloadSchema({ name, payload }: Pick<Queue, "name" | "payload">): Json {
  const title = `Payload of queue ${name}`;
  try {
    const described = (payload as DescribesItself | null)?.["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
    return { title, ...described };
  } catch {
    // Some schemas have no JSON form: dates, transforms.
    return { title };
  }
}
