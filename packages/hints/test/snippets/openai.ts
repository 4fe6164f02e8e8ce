import { type Classified, classifyError } from "@headgate/hints";
import OpenAI from "openai";

export async function openai(url: string): Promise<Classified | null> {
  const client = new OpenAI({ apiKey: "sk-key", baseURL: url, maxRetries: 0 });
  try {
    await client.responses.create({ model: "gpt-5", input: "Hello" });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "openai" });
  }
}
