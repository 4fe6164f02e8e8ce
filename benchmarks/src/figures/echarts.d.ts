/**
 * What is used of Apache ECharts. Its own declarations need the DOM and do not hold under `exactOptionalPropertyTypes`, so they would
 * cost the whole package its `skipLibCheck: false`.
 */
declare module "echarts/dist/echarts.esm.min.mjs" {
  interface LineStyle {
    readonly width: number;
    readonly color: string;
    readonly type?: "dashed";
  }

  export interface Line {
    readonly type: "line";
    readonly name: string;
    readonly data: readonly (readonly [x: number, y: number])[];
    readonly showSymbol: false;
    readonly color: string;
    readonly lineStyle: LineStyle;
  }

  interface Axis {
    readonly type: "value";
    readonly name: string;
    readonly nameLocation: "middle";
    readonly nameGap: number;
    readonly min?: number;
    readonly max?: number;
  }

  interface Chart {
    setOption(option: {
      readonly animation: false;
      readonly backgroundColor: string;
      readonly title: {
        readonly text: string;
        readonly left: number;
        readonly top: number;
        readonly textStyle: { readonly fontSize: number; readonly fontWeight: "normal" };
      };
      readonly legend: {
        readonly itemGap: number;
        readonly top: number;
        readonly left: number;
        readonly icon: "roundRect";
        readonly itemHeight: number;
      };
      readonly grid: {
        readonly left: number;
        readonly right: number;
        readonly top: number;
        readonly bottom: number;
      };
      readonly xAxis: Axis;
      readonly yAxis: Axis;
      readonly series: readonly Line[];
    }): void;
    renderToSVGString(): string;
    dispose(): void;
  }

  /** With `ssr` it needs no browser. */
  export function init(
    dom: null,
    theme: null,
    options: { readonly renderer: "svg"; readonly ssr: true; readonly width: number; readonly height: number },
  ): Chart;
}
