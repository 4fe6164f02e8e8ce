import Anthropic from "@anthropic-ai/sdk";
import { type Classified, classifyError } from "@headgate/hints";

export async function anthropic(url: string): Promise<Classified | null> {
  const client = new Anthropic({ apiKey: "sk-ant-key", baseURL: url, maxRetries: 0 });
  try {
    await client.messages.create({
      model: "claude-haiku-4-5",
      max_tokens: 10,
      messages: [{ role: "user", content: "Hello" }],
    });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "anthropic" });
  }
}
