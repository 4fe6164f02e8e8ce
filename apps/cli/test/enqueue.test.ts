import { beforeEach, expect, test } from "vitest";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"doc":"d${index}"}\n`).join("");

test("every line of standard input is one admission", async () => {
  const { code, stdout } = await headgate(["enqueue", "letters", "-", "--json"], { input: letters(200), environment });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    queue: "letters",
    lines: 200,
    accepted: 200,
    duplicates: 0,
    refused: 0,
    invalid: 0,
    unknown: 0,
    interrupted: false,
    error: null,
  });
  const status = JSON.parse((await headgate(["status", "--json"], { environment })).stdout) as {
    queues: { queue: string; depth: number }[];
  };
  expect(status.queues.find(({ queue }) => queue === "letters")).toMatchObject({ depth: 200 });
});

test("bad lines are reported by number and counted; the others go in; the exit code is 1", async () => {
  const input = '{"doc":"a"}\n{oops\n\n{"doc":7}\n{"doc":"b"}\n';
  const { code, stdout, stderr } = await headgate(["enqueue", "letters"], { input, environment });
  expect(code).toBe(1);
  expect(stdout).toContain("letters: 2 accepted, 0 duplicates, 0 refused, 2 invalid");
  expect(stdout).toContain("invalid lines: 2, 4");
  expect(stderr).toMatch(/^line 2: not JSON/m);
  expect(stderr).toMatch(/^line 4: HG_PAYLOAD_INVALID/m);
});

test("with ids from the lines a second run adds nothing", async () => {
  const args = ["enqueue", "letters", "--id-field", "doc", "--json"];
  const first = await headgate(args, { input: letters(30), environment });
  const second = await headgate(args, { input: letters(40), environment });
  expect(JSON.parse(first.stdout)).toMatchObject({ accepted: 30, duplicates: 0 });
  expect(second.code).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ accepted: 10, duplicates: 30 });
});

test("an envelope names id and priority", async () => {
  const input = '{"id":"one","priority":5,"payload":{"doc":"a"}}\n{"id":"one","payload":{"doc":"a"}}\n';
  const { stdout } = await headgate(["enqueue", "letters", "--envelope", "--in-flight", "1", "--json"], {
    input,
    environment,
  });
  expect(JSON.parse(stdout)).toMatchObject({ accepted: 1, duplicates: 1 });
});

test("under pressure lines are refused when asked to, with the reason", async () => {
  const { code, stdout } = await headgate(["enqueue", "small", "--on-pressure", "refuse", "--json"], {
    input: letters(10),
    environment,
  });
  expect(code).toBe(1);
  const summary = JSON.parse(stdout) as { accepted: number; refused: number; refusedBy: Record<string, number> };
  expect(summary.accepted).toBeLessThanOrEqual(3);
  expect(summary.accepted + summary.refused).toBe(10);
  expect(Object.keys(summary.refusedBy)).not.toEqual([]);
});

test("by default a line waits, and a stop ends the wait with the summary", async () => {
  const running = startHeadgate(["enqueue", "small", "--json"], { environment });
  running.process.stdin?.write(letters(10));
  await depthOf("small", 3);
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ accepted: 3, unknown: 7, interrupted: true });
});

test("a queue that the config does not name is unknown", async () => {
  const { code, stderr } = await headgate(["enqueue", "post"], { input: "", environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_TARGET_UNKNOWN");
});

/** Follows the queue as `status --watch` shows it, until it stands at this depth. */
async function depthOf(queue: string, depth: number): Promise<void> {
  const watching = startHeadgate(["status", "--watch", "--interval-ms", "100"], { environment });
  await watching.line("stdout", new RegExp(`queue=${queue} .*depth=${depth}/`));
  watching.process.kill("SIGINT");
  await watching.ended;
}
