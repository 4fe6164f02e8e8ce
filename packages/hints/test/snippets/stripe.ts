import { type Classified, classifyError } from "@headgate/hints";
import Stripe from "stripe";

export async function stripe(url: string): Promise<Classified | null> {
  const { hostname: host, port } = new URL(url);
  const client = new Stripe("sk_test_key", { host, port, protocol: "http", maxNetworkRetries: 0 });
  try {
    await client.balance.retrieve();
    return null;
  } catch (error) {
    return classifyError(error, { provider: "stripe" });
  }
}
