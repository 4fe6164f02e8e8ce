import { type Classified, classifyError } from "@headgate/hints";
import { createGraphQLClient } from "@shopify/graphql-client";

export async function shopifyGraphql(url: string): Promise<Classified | null> {
  const client = createGraphQLClient({ url, headers: {}, retries: 0 });
  const result = await client.request("{ shop { name } }");
  return result.errors ? classifyError(result, { provider: "shopify" }) : null;
}
