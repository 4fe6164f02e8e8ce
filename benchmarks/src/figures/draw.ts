/// <reference path="./echarts.d.ts" />
import { init, type Line } from "echarts/dist/echarts.esm.min.mjs";
import { SLICE_MS } from "../goodput/orders.ts";
import type { Recorded } from "../goodput/record.ts";
import { binMs, curve, type Point } from "./curve.ts";

const WIDTH = 860;
const HEIGHT = 340;
/** Readable on white and on dark pages alike, and apart for the colour-blind (Okabe and Ito's set). */
const COLOURS: Readonly<Record<string, string>> = {
  headgate: "#0072b2",
  "bullmq-recipe": "#e69f00",
  aimd: "#cc79a7",
};
const LIMIT = "#777777";
const THROTTLED = "#d55e00";

/** One scenario: who was accepted at what rate, against what the API offered; Headgate's 429s below. */
export function draw(about: string, runs: readonly Recorded[]): string {
  const offered = runs[0]?.trace.offered ?? [];
  const bin = binMs(offered, SLICE_MS);
  const of = (slices: readonly number[]): Point[] => curve(slices, SLICE_MS, bin);
  const ours = runs.find(({ figures }) => figures.contender === "headgate");
  const series: Line[] = [
    line("the API's limit", of(offered), LIMIT, { type: "dashed", width: 1.5 }),
    ...runs.map(({ figures: { contender }, trace }) =>
      line(contender, of(trace.accepted), COLOURS[contender] ?? LIMIT, {
        width: contender === "headgate" ? 2.5 : 1.25,
      }),
    ),
    ...(ours ? [line("headgate, 429s", of(ours.trace.throttled), THROTTLED, { width: 1.25 })] : []),
  ];
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      title: { text: about, left: 12, top: 8, textStyle: { fontSize: 14, fontWeight: "normal" } },
      legend: { top: 32, left: 8, icon: "roundRect", itemHeight: 3, itemGap: 20 },
      grid: { left: 52, right: 20, top: 68, bottom: 44 },
      xAxis: {
        type: "value",
        name: "seconds",
        nameLocation: "middle",
        nameGap: 26,
        max: (offered.length * SLICE_MS) / 1_000,
      },
      yAxis: { type: "value", name: "calls/s", nameLocation: "middle", nameGap: 36, min: 0 },
      series,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

const line = (
  name: string,
  data: readonly Point[],
  color: string,
  lineStyle: Omit<Line["lineStyle"], "color">,
): Line => ({
  type: "line",
  name,
  data: data.map(([seconds, perSecond]) => [seconds, Number(perSecond.toFixed(2))]),
  showSymbol: false,
  color,
  lineStyle: { ...lineStyle, color },
});
