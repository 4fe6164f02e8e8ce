import { createOpenAI } from "@ai-sdk/openai";
import { type Classified, classifyError } from "@headgate/hints";
import { generateText } from "ai";

export async function viaAiSdk(url: string): Promise<Classified | null> {
  const model = createOpenAI({ apiKey: "sk-key", baseURL: url })("gpt-5");
  try {
    await generateText({ model, prompt: "Hello", maxRetries: 0 });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "openai" });
  }
}
