import { expect, it, vi } from "vitest";
import { runRestarts } from "../src/restarts/run.ts";

it("Redis killed and started again: nothing acknowledged is missing, unless the last second of the disk is", {
  timeout: 60_000,
}, async () => {
  const print = vi.spyOn(console, "log").mockReturnValue();
  const say = vi.spyOn(console, "error").mockReturnValue();
  try {
    const outcomes = await runRestarts({ restarts: 2, json: true });
    expect(print.mock.calls).toEqual([[JSON.stringify(outcomes)]]);
    const [always, everysec, powerCut] = outcomes;
    expect(always).toMatchObject({ restarts: 2, lost: 0, twice: 0, liedAbout: 0 });
    expect(always?.acknowledged).toBeGreaterThan(20);
    expect(everysec).toMatchObject({ twice: 0, liedAbout: 0 });
    expect(powerCut?.lost, "the measurement can find a loss").toBeGreaterThan(0);
  } finally {
    print.mockRestore();
    say.mockRestore();
  }
});
