import type { Limiter, LimitOptions } from "headgate";
import type { Control, LimiterStatus } from "headgate/control";
import { headgateError } from "headgate/internal";
import { limiterOf } from "../config/queue.ts";
import type { Context } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { count, duration, rate } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";

export interface LimitsFlags {
  readonly limit?: readonly LimitOptions[];
  readonly concurrency?: number | "none";
  readonly clear?: boolean;
}

export async function limits({ config, output }: Context, name: string, flags: LimitsFlags): Promise<ExitCode> {
  const limiter = limiterOf(config, name);
  if (flags.clear === true && (flags.limit !== undefined || flags.concurrency !== undefined)) {
    throw headgateError("HG_USAGE", {
      message: "--clear takes everything back, and --limit or --concurrency sets something",
      fix: "run the command twice: with --clear, then without",
    });
  }
  const status = await withControl(config.connection, async (control) => {
    await change(control, limiter, flags);
    return control.status(limiter);
  });
  output.text(limitsText(status, limiter, output.colors));
  output.object({
    limiter: status.limiter,
    overridden: status.overridden,
    limits: status.limits,
    concurrency: status.concurrency,
    rate: status.rate,
    inFlight: status.inFlight,
    declared: { limits: limiter.limits, concurrency: limiter.concurrency },
  });
  return ExitCode.ok;
}

async function change(control: Control, limiter: Limiter, flags: LimitsFlags): Promise<void> {
  if (flags.clear === true) await control.clearLimits(limiter);
  if (flags.limit === undefined && flags.concurrency === undefined) return;
  await control.setLimits(limiter, {
    ...(flags.limit === undefined ? {} : { limits: flags.limit }),
    ...(flags.concurrency === undefined
      ? {}
      : { concurrency: flags.concurrency === "none" ? null : flags.concurrency }),
  });
}

function limitsText(status: LimiterStatus, declared: Limiter, colors: Colors): string {
  const from = status.overridden ? colors.yellow("set by an operator") : "as the code declares them";
  const pace = status.rate === null ? "unpaced" : `paced at ${rate(status.rate)}/s`;
  return [
    `${colors.bold(status.limiter)}: ${from}; ${pace}`,
    ...(status.limits.length === 0 ? ["  no limits are declared: the rate is learned"] : []),
    ...status.limits.map(
      ({ unit, amount, perMs, burst, remaining }) =>
        `  ${count(amount)} ${unit} per ${duration(perMs)}, burst ${count(burst)}; ${count(remaining)} left now`,
    ),
    `  concurrency ${concurrencyText(status.concurrency)}; ${count(status.inFlight)} in flight`,
    ...(status.overridden ? [colors.dim(`  the code says: ${declaredText(declared)} (--clear goes back to it)`)] : []),
  ].join("\n");
}

const concurrencyText = (concurrency: number | null): string =>
  concurrency === null ? "without a bound" : count(concurrency);

const declaredText = ({ limits: declared, concurrency }: Limiter): string =>
  [
    ...declared.map(({ unit, amount, perMs }) => `${count(amount)} ${unit} per ${duration(perMs)}`),
    `concurrency ${concurrencyText(concurrency)}`,
  ].join(", ");
