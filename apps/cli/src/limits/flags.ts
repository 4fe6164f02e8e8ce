import { InvalidArgumentError } from "commander";
import type { LimitOptions } from "headgate";
import { wholeNumber } from "../flags.ts";

const LIMIT = /^(?<unit>[A-Za-z0-9._-]+)=(?<amount>\d+)\/(?<per>\w+)(?:,burst=(?<burst>\d+))?$/;

/** `requests=500/1m`, `tokens=90000/1m,burst=2000`. Its numbers and its duration are checked by setLimits. */
export function limitFlag(text: string): LimitOptions {
  const { unit, amount, per, burst } = LIMIT.exec(text)?.groups ?? {};
  if (unit === undefined || amount === undefined || per === undefined) {
    throw new InvalidArgumentError("Expected unit=amount/per, as requests=500/1m or tokens=90000/1m,burst=2000.");
  }
  return {
    unit,
    amount: Number(amount),
    per: per as LimitOptions["per"],
    ...(burst === undefined ? {} : { burst: Number(burst) }),
  };
}

const concurrency = wholeNumber(1, 1_000_000);

/** A number, or `none`: no bound. (Commander takes null for no answer.) */
export function concurrencyFlag(text: string): number | "none" {
  return text === "none" ? "none" : concurrency(text);
}
