import type { PauseOptions } from "headgate/control";
import { headgateError } from "headgate/internal";
import type { Context } from "../context.ts";
import { withControl } from "../control.ts";
import { ExitCode } from "../exit-code.ts";
import { resolveTarget } from "./target.ts";

export interface PauseFlags {
  readonly for?: string;
  readonly reason?: string;
}

export async function pause({ config, output }: Context, text: string, flags: PauseFlags): Promise<ExitCode> {
  const target = resolveTarget(config, text);
  if (target.kind === "queue" && flags.for !== undefined) {
    throw headgateError("HG_USAGE", {
      message: "--for is for limiters: BullMQ's workers know no pause of a queue that ends by itself",
      got: `--for ${flags.for} for queue ${target.name}`,
      fix: `leave it out and run headgate resume queue:${target.name} later, or pause limiter:${target.queue.limiter.name}`,
    });
  }
  // control.pause checks them, and says what was expected.
  const options = flags as PauseOptions;
  await withControl(config.connection, (control) =>
    target.kind === "queue" ? control.pause(target.queue, options) : control.pause(target.limiter, options),
  );
  const { kind, name } = target;
  const details = [
    ...(flags.for === undefined ? [] : [`for ${flags.for}`]),
    ...(flags.reason === undefined ? [] : [`(${flags.reason})`]),
  ];
  output.text([`paused ${kind} ${name}`, ...details].join(" "));
  output.object({ action: "pause", kind, name, for: flags.for ?? null, reason: flags.reason ?? null });
  return ExitCode.ok;
}

export async function resume({ config, output }: Context, text: string): Promise<ExitCode> {
  const target = resolveTarget(config, text);
  await withControl(config.connection, (control) =>
    target.kind === "queue" ? control.resume(target.queue) : control.resume(target.limiter),
  );
  const { kind, name } = target;
  output.text(`resumed ${kind} ${name}`);
  output.object({ action: "resume", kind, name });
  return ExitCode.ok;
}
