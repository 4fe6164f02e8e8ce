import { type Classified, classifyError, classifyResponse, type HintOptions } from "@headgate/hints";
import got from "got";

export async function viaGot(url: string, options?: HintOptions): Promise<Classified> {
  try {
    return classifyResponse(await got(url, { retry: { limit: 0 } }), options);
  } catch (error) {
    return classifyError(error, options);
  }
}
