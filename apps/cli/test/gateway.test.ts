import { beforeEach, expect, test } from "vitest";
import { parseExposition } from "./support/exposition.ts";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

test("takes jobs from bearers of any of the environment's tokens, and ends with 0 at a signal", async () => {
  const running = startHeadgate(["gateway", "--json"], {
    environment: { ...environment, HEADGATE_GATEWAY_TOKENS: "one,two" },
  });
  const { url, authenticated } = JSON.parse(await running.line("stdout", /"url"/)) as Record<string, unknown>;
  expect(authenticated).toBe(true);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const post = (authorization: string): Promise<Response> =>
    fetch(`${String(url)}/queues/letters/jobs`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ doc: "a" }),
    });
  expect((await post("Bearer two")).status).toBe(202);
  expect((await post("Bearer three")).status).toBe(401);
  const metrics = await fetch(`${String(url)}/metrics`, { headers: { authorization: "Bearer one" } });
  expect(parseExposition(await metrics.text()).get("headgate_admissions_total")?.samples).toEqual([
    { name: "headgate_admissions_total", labels: { queue: "letters", decision: "accepted", reason: "" }, value: 1 },
  ]);
  running.process.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain("two");
});

test.each([[[]], [["--no-auth", "--host", "0.0.0.0"]]])("is not opened to everybody: %j", async (flags) => {
  const { code, stderr } = await headgate(["gateway", ...flags], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_GATEWAY_UNPROTECTED");
});
