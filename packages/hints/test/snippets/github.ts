import { type Classified, classifyError } from "@headgate/hints";
import { Octokit } from "@octokit/core";

export async function github(url: string): Promise<Classified | null> {
  // The core does not retry. The `octokit` package does: { retry: { enabled: false }, throttle: { enabled: false } }.
  const client = new Octokit({ baseUrl: url });
  try {
    await client.request("GET /rate_limit");
    return null;
  } catch (error) {
    return classifyError(error, { provider: "github" });
  }
}
