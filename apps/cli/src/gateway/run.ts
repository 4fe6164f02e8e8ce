import { createGateway } from "@headgate/gateway";
import type { Duration } from "headgate";
import { metricsText, observeProcess } from "headgate/metrics";
import { Registry } from "prom-client";
import type { Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { problemOf } from "../output/problem.ts";

export interface GatewayFlags {
  readonly host?: string;
  readonly port?: number;
  readonly token?: readonly string[];
  readonly auth: boolean;
  readonly maxWait: string;
  readonly maxWaiting?: number;
}

/** Takes jobs until the first signal. HEADGATE_GATEWAY_TOKENS is preferred: others on the machine can read arguments. */
export async function gateway(
  context: Context,
  flags: GatewayFlags,
  environment: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const { config, output, stop } = context;
  const tokens = flags.auth ? (flags.token ?? tokensOf(environment["HEADGATE_GATEWAY_TOKENS"])) : "none";
  if (tokens !== "none") output.hide(tokens);
  const registry = new Registry();
  observeProcess(registry);
  const running = await createGateway({
    queues: [...config.queues.values()].map(({ queue }) => queue),
    connection: config.connection,
    tokens,
    maxWait: flags.maxWait as Duration,
    maxWaiting: flags.maxWaiting,
    metrics: () => metricsText(registry),
    onError: (error) => {
      if (output.debug) output.log(problemOf(error).message);
    },
  }).listen({ host: flags.host, port: flags.port ?? config.gatewayPort });
  output.text(
    `gateway on ${running.url}, described at ${running.url}/openapi.json${flags.auth ? "" : ", open to everybody on this machine"}`,
  );
  output.object({ url: running.url, authenticated: flags.auth });
  await stop.first;
  await running.close();
  return ExitCode.ok;
}

const tokensOf = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[\s,]+/).filter((token) => token !== "");
