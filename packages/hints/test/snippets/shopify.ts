import { type Classified, classifyError } from "@headgate/hints";
import "@shopify/shopify-api/adapters/node";
import { ApiVersion, Session, shopifyApi } from "@shopify/shopify-api";

export async function shopify(shop: string): Promise<Classified | null> {
  const shopify = shopifyApi({
    apiSecretKey: "key",
    apiVersion: ApiVersion.October25,
    isEmbeddedApp: false,
    isCustomStoreApp: true,
    adminApiAccessToken: "shpat_key",
    hostName: "app.example.com",
    userAgentPrefix: "",
  });
  const session = new Session({ id: "1", shop, state: "", isOnline: false });
  try {
    await new shopify.clients.Graphql({ session }).request("{ shop { name } }", { retries: 0 });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "shopify" });
  }
}
