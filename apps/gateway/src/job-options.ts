import type { IncomingHttpHeaders } from "node:http";
import { parseOptions } from "headgate/internal";
import type { EnqueueOptions } from "headgate/producer";
import { z } from "zod";

/** What a request says about its jobs beside their payloads. */
export interface JobOptions extends Pick<EnqueueOptions, "priority" | "delay"> {
  readonly id?: string;
  /** How long the caller would wait for room; 0: not at all. */
  readonly waitMs: number;
}

/** "500", "30s" and the like; enqueue checks the range. */
type Delay = NonNullable<EnqueueOptions["delay"]>;

const query = z.strictObject({
  priority: z.coerce.number().pipe(z.int().min(1).max(2_097_151)).optional(),
  delay: z
    .custom<Delay>(
      (text) => typeof text === "string" && /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text),
      "expected a duration as 30s",
    )
    .optional(),
});

/**
 * `Idempotency-Key` is the job's id, quoted as draft-ietf-httpapi-idempotency-key-header writes it, or bare. `Prefer: wait=10`
 * (RFC 7240) waits for room, no longer than the gateway's own bound.
 * @throws HG_OPTION_INVALID
 */
export function jobOptions(headers: IncomingHttpHeaders, parameters: unknown, maxWaitMs: number): JobOptions {
  const { priority, delay } = parseOptions("query", query, parameters);
  const id = keyOf(headers["idempotency-key"]);
  return {
    ...(id === undefined ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(delay === undefined ? {} : { delay }),
    waitMs: Math.min(waitOf(headers["prefer"]), maxWaitMs),
  };
}

function keyOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(",") : header;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text ?? "");
  return quoted?.[1] === undefined ? text : quoted[1].replace(/\\(["\\])/g, "$1");
}

function waitOf(header: string | string[] | undefined): number {
  const preferences = [header ?? []].flat().join(",").split(/[,;]/);
  const wait = preferences.map((preference) => /^\s*wait\s*=\s*"?(\d{1,6})"?\s*$/i.exec(preference)?.[1]).find(Boolean);
  return Number(wait ?? 0) * 1_000;
}
