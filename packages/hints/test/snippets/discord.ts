import { REST } from "@discordjs/rest";
import { type Classified, classifyError } from "@headgate/hints";

export async function discord(url: string): Promise<Classified | null> {
  const client = new REST({ api: url, rejectOnRateLimit: ["/"], retries: 0 }).setToken("key");
  try {
    await client.get("/users/@me");
    return null;
  } catch (error) {
    return classifyError(error, { provider: "discord" });
  }
}
