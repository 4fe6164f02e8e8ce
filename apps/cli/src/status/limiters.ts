import type { LimiterStatus } from "headgate/control";
import { bar } from "../output/bar.ts";
import type { Column } from "../output/columns.ts";
import { count, duration, NOTHING, rate, share } from "../output/figures.ts";
import type { Colors } from "../output/output.ts";

const USED_CELLS = 6;

const quiet = (text: string, colors: Colors): ((text: string) => string) =>
  text === "0" || text === "0%" || text === NOTHING ? colors.dim : String;

/** Rates are per second, over the last 10 s. */
export const limiterColumns: readonly Column<LimiterStatus>[] = [
  {
    title: "LIMITER",
    cell: ({ limiter }) => limiter,
    tone: ({ gate }, colors) => (gate.closed ? colors.bold : String),
    least: 8,
    readable: 16,
  },
  { title: "GATE", cell: gateText, tone: gateTone },
  { title: "OK/S", cell: (one) => rate(one.acceptedPerSecond), right: true, keep: 9 },
  {
    title: "429/S",
    cell: (one) => rate(one.throttledPerSecond),
    tone: ({ throttledPerSecond: each }, colors) => (each > 0 ? colors.red : colors.dim),
    right: true,
    keep: 8,
  },
  {
    title: "429%",
    cell: (one) => share(one.throttledShare).replace("%", ""),
    tone: ({ throttledShare: each }, colors) => (each > 0 ? colors.red : colors.dim),
    right: true,
    keep: 4,
  },
  { title: "PACE/S", cell: (one) => (one.rate === null ? "free" : rate(one.rate)), right: true, keep: 7 },
  { title: "USED", cell: usedText, tone: (_, colors) => colors.cyan, keep: 3 },
  {
    title: "IN FLIGHT",
    cell: ({ inFlight, concurrency }) =>
      concurrency === null ? count(inFlight) : `${count(inFlight)}/${count(concurrency)}`,
    tone: ({ inFlight, concurrency }, colors) =>
      concurrency !== null && inFlight >= concurrency ? colors.yellow : quiet(String(inFlight), colors),
    right: true,
    keep: 6,
  },
  { title: "LEARNED", cell: learnedText, tone: (_, colors) => colors.dim, keep: 2 },
  { title: "LIMITS", cell: limitsText, tone: (_, colors) => colors.dim, least: 12, keep: 1, unless: NOTHING },
  { title: "WHY", cell: whyText, tone: (_, colors) => colors.red, least: 8, readable: 28, keep: 10, unless: "" },
];

function gateText({ gate }: LimiterStatus): string {
  if (gate.closed) return gate.remainingMs > FOR_EVER_MS ? "shut" : `shut ${duration(gate.remainingMs)}`;
  return gate.halfOpen ? "probing" : "open";
}

/** An operator's pause without an end, or a spent quota, is one of 365 days. */
const FOR_EVER_MS = 300 * 86_400_000;

function gateTone({ gate }: LimiterStatus, colors: Colors): (text: string) => string {
  if (gate.closed) return (text) => colors.bold(colors.red(text));
  return gate.halfOpen ? colors.yellow : colors.green;
}

/** How much of its pace is used. */
function usedText({ acceptedPerSecond, rate: pace }: LimiterStatus): string {
  if (pace === null || pace <= 0) return "";
  const used = acceptedPerSecond / pace;
  return `${bar(used, USED_CELLS)} ${`${Math.round(100 * Math.min(used, 9.99))}%`.padStart(4)}`;
}

/** What the controller is at, and for how long it has been sure. */
function learnedText({ phase, learned }: LimiterStatus): string {
  return learned === null ? phase : `${phase} ${duration(learned.ageMs)}`;
}

function limitsText({ limits }: LimiterStatus): string {
  const each = limits.map(({ unit, amount, perMs }) => `${count(amount)} ${unit}/${perText(perMs)}`);
  return each.length > 0 ? each.join(", ") : NOTHING;
}

const perText = (ms: number): string => duration(ms).replace(/^1(?=[a-z]+$)/, "");

function whyText({ gate, limits, disagreement, overridden }: LimiterStatus): string {
  const debts = limits.filter(({ remaining, burst }) => remaining <= -burst);
  return [
    ...(gate.closed ? [gate.reason ?? "throttled"] : []),
    ...(disagreement === null ? [] : [`processes disagree: ${disagreement}`]),
    ...(overridden ? ["limits set by an operator"] : []),
    ...(gate.closed ? [] : debts.map(({ unit, remaining }) => `${count(-remaining)} ${unit} owed`)),
  ].join("; ");
}
