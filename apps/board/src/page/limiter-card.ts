import type { LimiterStatus } from "headgate/control";
import { html } from "hono/html";
import { bar } from "./bar.ts";
import { count, duration, perSecond, share } from "./figures.ts";
import type { Markup } from "./markup.ts";

type Fact = readonly [term: string, value: string, tone?: "good" | "bad"];

export function limiterState(status: LimiterStatus): Markup {
  return html`<div class="state">
    ${gateLine(status)}
    <dl class="big">
      ${facts(status).map(([term, value, tone]) => html`<div><dt>${term}</dt><dd class="${tone ?? ""}">${value}</dd></div>`)}
    </dl>
    ${status.limits.map(limitLine)}
  </div>`;
}

function gateLine({ gate }: LimiterStatus): Markup | "" {
  if (!gate.closed) return "";
  const until = gate.until === null ? "until resumed" : `for ${duration(gate.remainingMs)}`;
  return html`<p class="gate">Gate closed ${until}${gate.reason === null ? "" : `: ${gate.reason}`}</p>`;
}

function facts(status: LimiterStatus): readonly Fact[] {
  const throttled = status.throttledPerSecond > 0 || status.throttledShare > 0;
  const inFlight = count(status.inFlight);
  return [
    [status.learned === null ? "rate" : "learned rate", status.rate === null ? "unpaced" : perSecond(status.rate)],
    ["phase", status.phase],
    ["gate", status.gate.closed ? "closed" : "open", status.gate.closed ? "bad" : "good"],
    ["in flight", status.concurrency === null ? inFlight : `${inFlight} of ${count(status.concurrency)}`],
    ["accepted", perSecond(status.acceptedPerSecond)],
    throttled ? ["throttled", perSecond(status.throttledPerSecond), "bad"] : ["throttled", perSecond(0)],
    throttled ? ["throttled, 10 s", share(status.throttledShare), "bad"] : ["throttled, 10 s", share(0)],
  ];
}

/** What can be had at once fills up to the burst; beside the amount of a whole period a full bucket would look empty. */
function limitLine(limit: LimiterStatus["limits"][number]): Markup {
  // A cost above the burst leaves a debt; what was refilled while somebody waited may stand above it for a moment.
  const left =
    limit.remaining < 0
      ? `${count(-limit.remaining)} owed, burst ${count(limit.burst)}`
      : `${count(Math.min(limit.remaining, limit.burst))} of burst ${count(limit.burst)} left`;
  return html`<div class="limit">
    <p class="line"><span>${count(limit.amount)} ${limit.unit} per ${duration(limit.perMs)}</span><span class="amount">${left}</span></p>
    ${bar(limit.remaining, limit.burst, left)}
  </div>`;
}
