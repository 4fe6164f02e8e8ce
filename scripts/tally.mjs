/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {object} Part what vitest reports of a test, a suite or a file
 * @property {"test" | "suite" | "module"} type
 * @property {string} state
 * @property {number} errors
 */

/**
 * A file that cannot be imported and a suite whose hook fails count as one failure each: their tests never ran. So does
 * a test that was still to run when the run ended, and an error that no test caught.
 *
 * @param {Iterable<Part>} parts @param {number} unhandledErrors
 * @returns {Tally}
 */
export function tallyOf(parts, unhandledErrors) {
  const tally = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const part of parts) {
    if (part.type !== "test") tally.failed += part.errors > 0 ? 1 : 0;
    else if (part.state === "passed") tally.passed += 1;
    else if (part.state === "skipped") tally.skipped += 1;
    else tally.failed += 1;
  }
  return tally;
}

/** A run in which nothing ran is no success. @param {Tally} tally */
export function isSuccess(tally) {
  return tally.failed === 0 && tally.passed > 0;
}

/** @param {Tally} tally */
export function tallyLine({ passed, failed, skipped }) {
  return `tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}
