import { type Classified, classifyResponse, type HintOptions } from "@headgate/hints";

export async function viaFetch(url: string, options?: HintOptions): Promise<Classified> {
  const response = await fetch(url);
  const { status, headers } = response;
  return classifyResponse({ status, headers, body: await response.text() }, options);
}
