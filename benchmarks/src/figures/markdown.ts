import type { Recorded } from "../goodput/record.ts";

const BEGIN = "<!-- goodput:begin -->";
const END = "<!-- goodput:end -->";

/** All results, scenario by scenario as they are listed, contender by contender; cold before warm. */
export function tableOf(
  results: readonly Recorded[],
  scenarios: readonly string[],
  contenders: readonly string[],
): string {
  const rank = ({ figures: { scenario, contender, warm } }: Recorded): number =>
    (scenarios.indexOf(scenario) * 2 + (warm ? 1 : 0)) * contenders.length + contenders.indexOf(contender);
  const rows = [...results]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ figures, throttledInFirst60s, at, node }) =>
      cells([
        `${figures.scenario}${figures.warm ? ", warm" : ""}`,
        figures.contender === "headgate" ? "**headgate**" : figures.contender,
        figures.goodput.toFixed(3),
        figures.throttled.toFixed(4),
        figures.calls,
        figures.throttledInFirst5s,
        throttledInFirst60s,
        figures.settleMs === null ? "never" : (figures.settleMs / 1_000).toFixed(1),
        figures.maxDepth,
        figures.lost,
        `${at.slice(0, 16).replace("T", " ")}, ${node}`,
      ]),
    );
  return [
    cells([
      "scenario",
      "contender",
      "goodput",
      "throttled",
      "calls",
      "429s, 5 s",
      "429s, 60 s",
      "settled, s",
      "depth",
      "lost",
      "run (UTC), Node",
    ]),
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ...rows,
  ].join("\n");
}

/** Puts a text between the markers; what stands around them stays. */
export function between(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`expected ${BEGIN} and ${END}, in this order, in the page`);
  return `${page.slice(0, begin + BEGIN.length)}\n${text}\n${page.slice(end)}`;
}

const cells = (values: readonly (string | number)[]): string => `| ${values.join(" | ")} |`;
