import { expect, test } from "vitest";
import { startPrivateCluster, startPrivateSentinels } from "../../../scripts/redis.mjs";
import { headgate, ownNamespace, startHeadgate } from "./support/headgate.ts";

/** The commands and the board, by nothing but a URL in REDIS_URL. */
async function useAll(url: string): Promise<void> {
  const environment = { TEST_NAMESPACE: ownNamespace(), REDIS_URL: url };
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await headgate(args, { environment, input: '{"doc":"a"}\n{"doc":"b"}\n' });
    expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
    return stdout;
  };
  const fleet = startHeadgate(["worker", "letters", "--port", "0", "--processes", "2"], { environment });
  const [doctor] = await Promise.all([run("doctor"), run("enqueue", "letters", "--id-field", "doc")]);
  expect(doctor).toContain("all is well");
  await fleet.line("stderr", / completed letters /, 2);
  const board = startHeadgate(["board", "--json"], { environment });
  const [explained, status] = await Promise.all([
    run("explain", "letters", "a"),
    run("status", "--json"),
    run("failed", "letters"),
  ]);
  expect(explained).toContain("a of letters");
  expect(JSON.parse(status)).toMatchObject({ queues: [{ queue: "letters", counts: { completed: 2 } }, {}, {}] });

  const { url: pressure, jobsUrl } = JSON.parse(await board.line("stdout", /"url"/)) as Record<string, string>;
  expect((await fetch(`${pressure}/api/status`)).status).toBe(200);
  const query = "activeQueue=letters&status=completed&page=1&jobsPerPage=10";
  expect(await (await fetch(`${jobsUrl}/api/queues?${query}`)).text()).toContain('"doc":"b"');
  const ends = [board, fleet].map(({ process, ended }) => {
    process.kill("SIGTERM");
    return ended;
  });
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual([0, 0]);
}

test("a cluster of three masters", { timeout: 60_000 }, async () => {
  const site = await startPrivateCluster({ masters: 3 });
  try {
    await useAll(site.url);
  } finally {
    await site.stop();
  }
});

test("a primary behind sentinels", { timeout: 60_000 }, async () => {
  const site = await startPrivateSentinels({ sentinels: 1, replicas: 1 });
  try {
    await useAll(site.url);
  } finally {
    await site.stop();
  }
});
