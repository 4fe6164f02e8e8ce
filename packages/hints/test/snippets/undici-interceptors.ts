import { type Classified, classifyError, classifyResponse, type HintOptions } from "@headgate/hints";
import { Agent, interceptors, request } from "undici";

export async function viaInterceptors(url: string, options?: HintOptions): Promise<Classified> {
  const dispatcher = new Agent().compose(interceptors.responseError());
  try {
    const { statusCode, headers, body } = await request(url, { dispatcher });
    return classifyResponse({ statusCode, headers, body: await body.text() }, options);
  } catch (error) {
    return classifyError(error, options);
  } finally {
    await dispatcher.close();
  }
}
