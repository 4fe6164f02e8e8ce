/** A metric, once for all who show it: Prometheus under this name, OpenTelemetry under its twin (otel-name.ts). */
export interface Declared<Label extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** As OpenTelemetry writes it: `s`, `By`, `1`, `{job}`. */
  readonly unit: string;
}

export interface Counted<Label extends string = string> extends Declared<Label> {
  /** What is shown as 0 before it happens: Prometheus sees no increase in a series that begins with 1. Read at each look. */
  readonly known?: () => Iterable<Labels<Label>>;
}

export interface Distribution<Label extends string = string> extends Declared<Label> {
  /** Upper bounds, in the unit. */
  readonly buckets: readonly number[];
}

export interface State<Label extends string = string> extends Declared<Label> {
  /** Of several processes: the sum (default), or the largest. */
  readonly together?: "sum" | "max";
}

export type Labels<Label extends string> = Readonly<Record<Label, string>>;
export type Sample<Label extends string> = readonly [labels: Labels<Label>, value: number];
/** Each set of labels once; what is left out is not shown. */
export type Read<Label extends string> = () => Iterable<Sample<Label>>;

/** What shows metrics. Called once for each metric, when somebody begins to observe; `gauge` and `total` read at each look. */
export interface Instruments {
  counter<Label extends string>(declared: Counted<Label>): (labels: Labels<Label>) => void;
  histogram<Label extends string>(declared: Distribution<Label>): (labels: Labels<Label>, value: number) => void;
  gauge<Label extends string>(declared: State<Label>, read: Read<Label>): void;
  /** A counter that is kept elsewhere: what is read is the whole of it. */
  total<Label extends string>(declared: Declared<Label>, read: Read<Label>): void;
}
