import { writeSync } from "node:fs";
import { isSuccess, tallyLine, tallyOf } from "./tally.mjs";

/** Vitest's own summary changes with its version; CI reads this line. Named by path in vitest.config.ts. */
export default class TallyReporter {
  /** Until a run has ended, the run has failed: that covers a broken config and a missing Redis. */
  #tally = { passed: 0, failed: 1, skipped: 0 };

  onInit() {
    // At exit, so that nothing can come after it: teardown and coverage print later than the reporters.
    process.once("exit", () => {
      if (!isSuccess(this.#tally) && !process.exitCode) process.exitCode = 1;
      writeSync(1, `${tallyLine(this.#tally)}\n`);
    });
  }

  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    this.#tally = tallyOf(parts(modules), unhandledErrors.length);
  }
}

/**
 * @param {readonly import("vitest/node").TestModule[]} modules
 * @returns {Generator<import("./tally.mjs").Part>}
 */
function* parts(modules) {
  for (const module of modules) {
    yield { type: module.type, state: module.state(), errors: module.errors().length };
    for (const suite of module.children.allSuites()) {
      yield { type: suite.type, state: suite.state(), errors: suite.errors().length };
    }
    for (const test of module.children.allTests()) yield { type: test.type, state: test.result().state, errors: 0 };
  }
}
