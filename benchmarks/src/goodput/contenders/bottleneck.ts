import Bottleneck from "bottleneck";
import { CONCURRENCY, type Contender, PROCESSES, type Setting } from "../contender.ts";
import { call, RETRY_MS } from "./call.ts";
import { peer } from "./peer.ts";

class Refused extends Error {
  readonly waitMs: number;

  constructor(waitMs: number) {
    super("429");
    this.waitMs = waitMs;
  }
}

/**
 * Bottleneck around the call, in every worker process; a 429 waits and runs again, as its README has it ("Retries"). It is told what
 * Headgate is told: then each process gets its share, requests by `minTime` and other units by a reservoir.
 */
export const bottleneck: Contender = peer((setting) => {
  const { requests, tokens } = limitersOf(setting);
  return {
    process: (job) => {
      const id = `${job.id}`;
      const send = async (): Promise<void> => {
        const answer = await call(setting.url, job.data);
        if (!answer.accepted) throw new Refused(answer.retryAfterMs ?? RETRY_MS);
      };
      const run = (): Promise<void> => (tokens ? tokens.schedule({ id, weight: job.data.tokens }, send) : send());
      return requests.schedule({ id }, run);
    },
  };
});

function limitersOf({ scenario: { told } }: Setting): { readonly requests: Bottleneck; readonly tokens?: Bottleneck } {
  const limits = (told?.limits ?? []).map(({ unit, amount, per }) => ({
    unit,
    perSecond: amount / (per === "1m" ? 60 : 1) / PROCESSES,
  }));
  const shareOf = (wanted: string): number | undefined => limits.find(({ unit }) => unit === wanted)?.perSecond;
  const requestShare = shareOf("requests");
  const tokenShare = shareOf("tokens");
  const requests = new Bottleneck({
    maxConcurrent: CONCURRENCY,
    minTime: requestShare === undefined ? 0 : 1_000 / requestShare,
  });
  if (tokenShare === undefined) return { requests: retrying(requests) };
  const tokens = new Bottleneck({
    reservoir: tokenShare,
    reservoirIncreaseAmount: tokenShare / 4,
    reservoirIncreaseInterval: 250,
    reservoirIncreaseMaximum: tokenShare,
  });
  return { requests, tokens: retrying(tokens) };
}

function retrying(limiter: Bottleneck): Bottleneck {
  limiter.on("failed", (error: Error) => (error instanceof Refused ? error.waitMs : undefined));
  return limiter;
}
