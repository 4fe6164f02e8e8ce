import { type Classified, classifyError } from "@headgate/hints";
import { WebClient } from "@slack/web-api";

export async function slack(url: string): Promise<Classified | null> {
  const client = new WebClient("xoxb-key", {
    slackApiUrl: `${url}/`,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
  });
  try {
    await client.auth.test();
    return null;
  } catch (error) {
    return classifyError(error, { provider: "slack" });
  }
}
