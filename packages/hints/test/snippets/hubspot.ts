import { type Classified, classifyError } from "@headgate/hints";
import { Client } from "@hubspot/api-client";

export async function hubspot(url: string): Promise<Classified | null> {
  const client = new Client({ accessToken: "key", basePath: url, numberOfApiCallRetries: 0 });
  try {
    await client.crm.contacts.basicApi.getPage();
    return null;
  } catch (error) {
    return classifyError(error, { provider: "hubspot" });
  }
}
