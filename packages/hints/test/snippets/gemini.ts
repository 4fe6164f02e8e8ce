import { GoogleGenAI } from "@google/genai";
import { type Classified, classifyError } from "@headgate/hints";

export async function gemini(url: string): Promise<Classified | null> {
  const client = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: url, retryOptions: { attempts: 1 } } });
  try {
    await client.models.generateContent({ model: "gemini-2.5-flash", contents: "Hello" });
    return null;
  } catch (error) {
    return classifyError(error, { provider: "gemini" });
  }
}
