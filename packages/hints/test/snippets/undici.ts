import { type Classified, classifyResponse, type HintOptions } from "@headgate/hints";
import { request } from "undici";

export async function viaUndici(url: string, options?: HintOptions): Promise<Classified> {
  const { statusCode, headers, body } = await request(url);
  return classifyResponse({ statusCode, headers, body: await body.text() }, options);
}
