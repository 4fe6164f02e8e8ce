import { expect, it } from "vitest";
import { type Classified, classifyError, type HintOptions } from "../src/index.ts";
import { viaAxios } from "./snippets/axios.ts";
import { viaFetch } from "./snippets/fetch.ts";
import { viaGot } from "./snippets/got.ts";
import { viaKy } from "./snippets/ky.ts";
import { viaUndici } from "./snippets/undici.ts";
import { viaInterceptors } from "./snippets/undici-interceptors.ts";
import { fixtures, inOrder, RECORDED, saidBy } from "./support/fixtures.ts";
import { replay } from "./support/replay.ts";

const clients: Record<string, (url: string, options?: HintOptions) => Promise<Classified>> = {
  fetch: viaFetch,
  undici: viaUndici,
  "undici's responseError": viaInterceptors,
  axios: viaAxios,
  got: viaGot,
  ky: viaKy,
};

const pairs = Object.keys(clients).flatMap((client) => [...fixtures.keys()].map((name) => [client, name] as const));

// undici's interceptor keeps no body but text/plain and application/json.
it.each(pairs.filter(([client, name]) => client !== "undici's responseError" || name !== "problem-type"))(
  "%s, asked once: %s",
  async (client, name) => {
    const recorded = fixtures.get(name);
    if (recorded === undefined) throw new Error(name);
    await using server = await replay(recorded);
    const options = { now: RECORDED, ...(recorded.provider !== undefined && { provider: recorded.provider }) };
    const classified = await clients[client]?.(server.url, options);
    expect(server.requests).toHaveLength(1);
    expect(classified?.status).toBe(recorded.answer.status);
    expect(saidBy(classified ?? classifyError(null))).toEqual(inOrder(recorded.expected));
  },
);
