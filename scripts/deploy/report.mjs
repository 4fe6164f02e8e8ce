/** What the trials found: a line for each claim, and whether any failed. */
let failures = 0;
let claims = 0;

/** @param {string} claim @param {boolean} holds @param {unknown} [seen] */
export function claim(claim, holds, seen) {
  claims += 1;
  if (!holds) failures += 1;
  const text = seen === undefined ? "" : `: ${typeof seen === "string" ? seen.trim() : JSON.stringify(seen)}`;
  process.stdout.write(`  ${holds ? "ok  " : "FAIL"} ${claim}${text}\n`);
}

/** @param {string} title */
export function section(title) {
  process.stdout.write(`${title}\n`);
}

export const result = () => ({ claims, failures });
