const LEAST_WORDS = 25;
const MOST_WORDS = 90;

const wordsIn = (text: string): number => text.split(/\s+/u).filter(Boolean).length;

/** Headings and blank lines are where a README may be cut; never inside a code block. */
function blocksOf(markdown: string): string[] {
  const blocks: string[] = [];
  let lines: string[] = [];
  let fenced = false;
  const cut = (): void => {
    if (lines.some((line) => line.trim() !== "")) blocks.push(lines.join("\n").trim());
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/u)) {
    if (/^\s*(```|~~~)/u.test(line)) fenced = !fenced;
    if (!fenced && (line.trim() === "" || /^#{1,6}\s/u.test(line))) cut();
    lines.push(line);
  }
  cut();
  return blocks;
}

const startsSection = (block: string): boolean => /^#{1,6}\s/u.test(block);

/**
 * Cuts a README at its headings into sections that are worth a call: short ones join the next, long ones are cut at a
 * blank line. What is left at the end and too short joins the last.
 */
export function sectionsOf(markdown: string): string[] {
  const sections: string[] = [];
  let blocks: string[] = [];
  let words = 0;
  const cut = (): void => {
    sections.push(blocks.join("\n\n"));
    blocks = [];
    words = 0;
  };
  for (const block of blocksOf(markdown)) {
    if (words >= MOST_WORDS || (words >= LEAST_WORDS && startsSection(block))) cut();
    blocks.push(block);
    words += wordsIn(block);
  }
  if (words >= LEAST_WORDS) cut();
  else if (words > 0 && sections.length > 0) sections.push(`${sections.pop()}\n\n${blocks.join("\n\n")}`);
  return sections;
}
