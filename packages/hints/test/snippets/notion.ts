import { type Classified, classifyError } from "@headgate/hints";
import { Client } from "@notionhq/client";

export async function notion(url: string): Promise<Classified | null> {
  const client = new Client({ auth: "ntn_key", baseUrl: url, retry: false });
  try {
    await client.users.me({});
    return null;
  } catch (error) {
    return classifyError(error, { provider: "notion" });
  }
}
