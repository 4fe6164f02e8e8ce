import { describe, expect, it } from "vitest";
import { Corpus, wordsOf } from "../src/terms.ts";

const termsIn = (corpus: Corpus, text: string): string[] => corpus.tellingTerms(text).map(({ term }) => term);

describe("the most telling terms of a document", () => {
  it("leaves out stop words, markup and addresses", () => {
    const text = "The <b>queue</b> is at https://example.com/queue and it was ![badge](x) bounded";
    expect(wordsOf(text)).toEqual(["queue", "bounded"]);
  });

  it("puts the frequent before the rare within a document", () => {
    expect(termsIn(new Corpus(), "bucket bucket bucket token token permit")).toEqual(["bucket", "token", "permit"]);
  });

  it("puts what few documents have before what all of them have", () => {
    const corpus = new Corpus();
    for (const other of ["alpha", "beta", "gamma", "delta"]) corpus.tellingTerms(`install package ${other}`);
    expect(termsIn(corpus, "install package headgate")[0]).toBe("headgate");
  });

  it("answers at most eight, and none where there is nothing to read", () => {
    const many = Array.from({ length: 20 }, (_, index) => `word${"abcdefghijklmnopqrst"[index]}x`).join(" ");
    expect(termsIn(new Corpus(), many)).toHaveLength(8);
    expect(termsIn(new Corpus(), "")).toEqual([]);
  });
});
