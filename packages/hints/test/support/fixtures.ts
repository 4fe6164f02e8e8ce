import { readdirSync, readFileSync } from "node:fs";
import type { Classified, HintSource, LimitHint, Provider, ProviderName } from "@headgate/hints";

/** One recorded exchange of a dialect, and what it means. All were sent at `RECORDED`. */
export interface Fixture {
  readonly source: string;
  readonly provider?: ProviderName | Provider;
  readonly answer: { readonly status: number; readonly headers: Record<string, string>; readonly body: unknown };
  readonly expected: Expected;
}

export interface Expected {
  readonly throttled: boolean;
  readonly terminal: boolean;
  readonly source: HintSource;
  readonly retryAfterMs?: number;
  readonly limits: readonly LimitHint[];
}

/** What is compared of an answer. Limits in an order of their own: `Headers` sorts the fields, a plain object does not. */
export const saidBy = ({ throttled, terminal, hint }: Classified): Expected => ({
  throttled,
  terminal,
  source: hint.source,
  ...(hint.retryAfterMs !== undefined && { retryAfterMs: hint.retryAfterMs }),
  limits: sorted(hint.limits),
});

export const inOrder = (expected: Expected): Expected => ({ ...expected, limits: sorted(expected.limits) });

const sorted = (limits: readonly LimitHint[]): LimitHint[] =>
  limits.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

export const RECORDED: number = Date.parse("2026-11-25T12:00:00Z");

const folder = new URL("../fixtures/", import.meta.url);

export const fixtures: ReadonlyMap<string, Fixture> = new Map(
  readdirSync(folder).map((file) => [
    file.replace(".json", ""),
    JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Fixture,
  ]),
);

export function fixture(name: string): Fixture {
  const found = fixtures.get(name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}
