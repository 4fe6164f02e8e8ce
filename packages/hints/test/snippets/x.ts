import { Agent } from "node:http";
import { type Classified, classifyError } from "@headgate/hints";
import { TwitterApi } from "twitter-api-v2";

export async function x(url: string): Promise<Classified | null> {
  // The client has no retries of its own. The agent is here for addresses that begin with http:.
  const client = new TwitterApi("key", { httpAgent: new Agent() });
  try {
    await client.v2.get("users/me", {}, { prefix: `${url}/2/` });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "x" });
  }
}
