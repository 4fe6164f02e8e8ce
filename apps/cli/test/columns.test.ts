import pc from "picocolors";
import { expect, test } from "vitest";
import { bar, sparkline } from "../src/output/bar.ts";
import { type Column, tableOf } from "../src/output/columns.ts";

interface Row {
  readonly name: string;
  readonly jobs: number;
  readonly why: string;
}

const plain = pc.createColors(false);
const columns: readonly Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name, least: 6, readable: 10 },
  { title: "JOBS", cell: ({ jobs }) => String(jobs), right: true },
  { title: "TWICE", cell: ({ jobs }) => String(2 * jobs), right: true, keep: 1 },
  { title: "WHY", cell: ({ why }) => why, least: 4, readable: 8, keep: 2, unless: "" },
];
const rows: readonly Row[] = [
  { name: "mail", jobs: 12, why: "" },
  { name: "invoices-of-the-department", jobs: 12_345, why: "the gate is shut" },
];
const at = (width?: number) => tableOf(columns, rows, plain, width);

test("is as wide as it comes, numbers to the right", () => {
  expect(at()).toEqual([
    "NAME                         JOBS  TWICE  WHY",
    "mail                           12     24",
    "invoices-of-the-department  12345  24690  the gate is shut",
  ]);
});

test("first names and reasons are cut in the middle, then columns go, then the rest is cut further", () => {
  expect(at(44)[2]).toBe("invoices-of-t…rtment  12345  24690  the g…ut");
  expect(at(31)[0]).toBe("NAME             JOBS  WHY");
  expect(at(18)).toEqual(["NAME          JOBS", "mail            12", "invoice…ent  12345"]);
  expect(at(13)[2]).toBe("invo…t  12345");
});

test.each([200, 60, 44, 33, 31, 25, 18, 14, 13])("no line is wider than %d", (width) => {
  for (const line of at(width)) expect(line.length).toBeLessThanOrEqual(width);
});

test("a column that says nothing is not there; wide letters count double", () => {
  expect(tableOf(columns, [rows[0] as Row], plain)[0]).toBe("NAME  JOBS  TWICE");
  const [, line] = tableOf(columns, [{ name: "日本語", jobs: 1, why: "" }], plain);
  expect(line).toBe("日本語     1      2");
});

test("colour takes no room", () => {
  const [, line] = tableOf(
    [
      { ...columns[0], title: "NAME", cell: ({ name }: Row) => name, tone: () => pc.createColors(true).red },
      ...columns.slice(1),
    ],
    [rows[0] as Row],
    plain,
  );
  expect(line).toBe("\u001b[31mmail\u001b[39m    12     24");
});

test.each([
  [0, "░░░░"],
  [0.001, "▏░░░"],
  [0.5, "██░░"],
  [0.999, "███▉"],
  [1, "████"],
  [1.4, "████"],
])("a bar of %d is %s", (share, expected) => {
  expect(bar(share, 4)).toBe(expected);
});

test("a trend is as high as its largest value, with the newest last", () => {
  expect(sparkline([0, 50, 100], 5)).toBe("  ▁▅█");
  expect(sparkline([9, 1, 2, 3], 3)).toBe("▃▆█");
  expect(sparkline([], 3)).toBe("   ");
});
