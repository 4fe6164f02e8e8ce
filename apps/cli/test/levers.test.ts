import { beforeEach, expect, test } from "vitest";
import { fixture, headgate, ownNamespace } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

interface Status {
  readonly limiters: {
    readonly limiter: string;
    readonly gate: { readonly closed: boolean; readonly reason: string | null; readonly remainingMs: number };
  }[];
  readonly queues: {
    readonly queue: string;
    readonly paused: boolean;
    readonly level: string;
    readonly reason: string | null;
  }[];
}

async function status(): Promise<Status> {
  return JSON.parse((await headgate(["status", "--json"], { environment })).stdout) as Status;
}

const queueOf = ({ queues }: Status, name: string) => queues.find(({ queue }) => queue === name);
const gateOf = ({ limiters }: Status, name: string) => limiters.find(({ limiter }) => limiter === name)?.gate;

test("a queue is paused with a reason and resumed", async () => {
  const paused = await headgate(["pause", "letters", "--reason", "spring cleaning"], { environment });
  expect(paused).toMatchObject({ code: 0, stdout: "paused queue letters (spring cleaning)\n" });
  expect(queueOf(await status(), "letters")).toMatchObject({ paused: true });
  const refused = await headgate(["enqueue", "letters", "--on-pressure", "refuse", "--json"], {
    input: '{"doc":"a"}\n',
    environment,
  });
  expect(JSON.parse(refused.stdout)).toMatchObject({ accepted: 0, refused: 1, refusedBy: { paused: 1 } });
  expect(await headgate(["resume", "letters"], { environment })).toMatchObject({
    code: 0,
    stdout: "resumed queue letters\n",
  });
  expect(queueOf(await status(), "letters")).toMatchObject({ paused: false, level: "open" });
});

test("a limiter's gate is shut for a time and opened before it", async () => {
  const paused = await headgate(["pause", "limiter:api", "--for", "5m", "--reason", "maintenance", "--json"], {
    environment,
  });
  expect(paused.code).toBe(0);
  expect(JSON.parse(paused.stdout)).toEqual({
    action: "pause",
    kind: "limiter",
    name: "api",
    for: "5m",
    reason: "maintenance",
  });
  const gate = gateOf(await status(), "api");
  expect(gate).toMatchObject({ closed: true });
  expect(gate?.remainingMs).toBeGreaterThan(4 * 60_000);
  expect(gate?.remainingMs).toBeLessThanOrEqual(5 * 60_000);
  expect((await headgate(["resume", "api"], { environment })).code).toBe(0);
  expect(gateOf(await status(), "api")).toMatchObject({ closed: false });
});

test("a name that is both has to say which", async () => {
  const config = fixture("shared-name.config.ts");
  const { code, stderr } = await headgate(["pause", "mail", "--config", config], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_TARGET_AMBIGUOUS");
  expect(stderr).toContain("queue:mail or limiter:mail");
});

test("a wrong duration changes nothing", async () => {
  const { code, stderr } = await headgate(["pause", "api", "--for", "soon"], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("soon");
  expect(gateOf(await status(), "api")).toMatchObject({ closed: false });
});

test("a queue cannot be paused for a time: its workers would not come back by themselves", async () => {
  const { code, stderr } = await headgate(["pause", "queue:letters", "--for", "5m"], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("--for is for limiters");
  expect(stderr).toContain("pause limiter:api");
});
