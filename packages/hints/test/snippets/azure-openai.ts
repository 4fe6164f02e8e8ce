import { type Classified, classifyError } from "@headgate/hints";
import { AzureOpenAI } from "openai";

export async function azureOpenai(url: string): Promise<Classified | null> {
  const client = new AzureOpenAI({ apiKey: "key", baseURL: url, apiVersion: "2024-10-21", maxRetries: 0 });
  try {
    await client.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "azure-openai" });
  }
}
