export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|[+-]Inf|NaN)$/i;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];

/**
 * Prometheus' text format, read strictly, with what `promtool check metrics` complains of: no help, a counter that does not end in
 * `_total` or something else that does, a suffix of histograms elsewhere, the same series twice.
 */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<
    string,
    Family & { samples: { name: string; labels: Record<string, string>; value: number }[] }
  >();
  const helps = new Map<string, string>();
  const series = new Set<string>();
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  let current = "";
  for (const line of text.split("\n").filter(Boolean)) {
    const [, kind = "", name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (line.startsWith("#") && kind === "") throw new Error(`neither HELP nor TYPE: ${line}`);
    if (kind === "HELP") helps.set(name, rest);
    if (kind === "TYPE") {
      if (!NAME.test(name) || !TYPES.includes(rest)) throw new Error(`wrong type: ${line}`);
      if (families.has(name)) throw new Error(`${name} comes twice`);
      if (!helps.has(name)) throw new Error(`${name} has no help`);
      if ((rest === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${rest}`);
      if (/_(count|sum|bucket)$/.test(name) && rest !== "untyped")
        throw new Error(`${name} is named like a part of a histogram`);
      families.set(name, { type: rest, help: helps.get(name) ?? "", samples: [] });
      current = name;
    }
    if (kind !== "") continue;
    const [, sample = "", inner = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (sample === "") throw new Error(`no sample: ${line}`);
    const family = families.get(current);
    const parts = family?.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!family || !parts.some((part) => current + part === sample)) throw new Error(`${sample} under ${current}`);
    const labels = labelsOf(inner);
    const key = `${sample}${JSON.stringify(Object.entries(labels).toSorted())}`;
    if (series.has(key)) throw new Error(`${key} comes twice`);
    series.add(key);
    family.samples.push({ name: sample, labels, value: Number(value.replace("Inf", "Infinity")) });
  }
  return families;
}

function labelsOf(inner: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < inner.length) {
    LABEL.lastIndex = at;
    const [whole, name = "", value = ""] = LABEL.exec(inner) ?? [];
    if (whole === undefined || name in labels) throw new Error(`wrong labels: {${inner}}`);
    labels[name] = value;
    at += whole.length;
  }
  return labels;
}
