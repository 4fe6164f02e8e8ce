import { describe, expect, it } from "vitest";
import { installedSections } from "../src/documents.ts";
import { sectionsOf } from "../src/readme.ts";

const words = (count: number, word = "word"): string => Array.from({ length: count }, () => word).join(" ");

describe("sections of a README", () => {
  it("begin at headings", () => {
    const sections = sectionsOf(`# One\n\n${words(30)}\n\n## Two\n\n${words(30)}`);
    expect(sections.map((section) => section.split("\n")[0])).toEqual(["# One", "## Two"]);
  });

  it("take a short one along with the next, and the rest along with the last", () => {
    const sections = sectionsOf(`# Short\n\nfew words\n\n# Long\n\n${words(30)}\n\n# End\n\nfew words`);
    expect(sections).toHaveLength(1);
    expect(sections[0]).toContain("# Short");
    expect(sections[0]).toContain("# End");
  });

  it("are cut at a blank line when long, and never inside a code block", () => {
    const code = `\`\`\`sh\n# no heading\n\n${words(60, "code")}\n\`\`\``;
    const sections = sectionsOf([words(60), words(60), code, words(60)].join("\n\n"));
    expect(sections.length).toBeGreaterThan(1);
    expect(sections.filter((section) => section.includes("```"))).toEqual([expect.stringContaining(code)]);
  });

  it("lose nothing but blank lines", () => {
    const readme = `# A\n\n${words(40)}\n\n\n## B\n${words(70)}\n\n${words(50)}\n\n# C\n\nend`;
    const pieces = (text: string): string[] => text.split(/\s+/u).filter(Boolean);
    expect(pieces(sectionsOf(readme).join("\n"))).toEqual(pieces(readme));
  });
});

describe("the documents of the demo", () => {
  it("are enough for a minute at the API's limits, each with an id and a text of its own", async () => {
    const ids = new Set<string>();
    const texts = new Set<string>();
    let count = 0;
    for await (const { id, text } of installedSections()) {
      count += 1;
      ids.add(id);
      texts.add(text);
    }
    expect(count).toBeGreaterThan(15 * 50 + 15 * 10 + 30 * 50 + 200);
    expect(ids.size).toBe(count);
    expect(texts.size).toBe(count);
  });
});
