import { readdirSync, readFileSync } from "node:fs";
import type { HintSource, Provider, ProviderName } from "@headgate/hints";

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
}

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
