import { beforeEach, expect, test } from "vitest";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

let environment: Record<string, string>;
beforeEach(() => {
  environment = { TEST_NAMESPACE: ownNamespace() };
});

test("says where it is, answers there, and ends with 0 at a signal", async () => {
  const running = startHeadgate(["board", "--json", "--read-only"], { environment });
  const { url, jobsUrl, readOnly } = JSON.parse(await running.line("stdout", /"url"/)) as Record<string, unknown>;
  expect(readOnly).toBe(true);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const [pressure, jobs, status] = await Promise.all(
    [url, jobsUrl, `${String(url)}/api/status`].map((address) => fetch(String(address))),
  );
  expect(await pressure?.text()).toContain("letters");
  expect(jobs?.status).toBe(200);
  expect(await status?.json()).toMatchObject({
    queues: [{ queue: "letters" }, { queue: "slowly" }, { queue: "small" }],
  });
  running.process.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 0 });
});

test("is not opened to others without a password", async () => {
  const { code, stderr } = await headgate(["board", "--host", "0.0.0.0"], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_BOARD_UNPROTECTED");
  expect(stderr).toContain("HEADGATE_BOARD_PASSWORD");
});

test("asks for the password of the environment", async () => {
  const running = startHeadgate(["board", "--json"], {
    environment: { ...environment, HEADGATE_BOARD_PASSWORD: "hunter2" },
  });
  const { url } = JSON.parse(await running.line("stdout", /"url"/)) as { url: string };
  expect((await fetch(url)).status).toBe(401);
  const authorization = `Basic ${Buffer.from("headgate:hunter2").toString("base64")}`;
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
});

test("an empty password is refused, it would protect nothing", async () => {
  const { code, stderr } = await headgate(["board"], { environment: { ...environment, HEADGATE_BOARD_PASSWORD: "" } });
  expect(code).toBe(2);
  expect(stderr).toContain("HG_USAGE");
});
