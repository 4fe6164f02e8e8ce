import { type Classified, classifyResponse, type HintOptions } from "@headgate/hints";
import ky from "ky";

// Not throwing, because the body of ky's HTTPError is a stream that has not been read, and terminal codes are in the body.
export async function viaKy(url: string, options?: HintOptions): Promise<Classified> {
  const response = await ky(url, { retry: 0, throwHttpErrors: false });
  const { status, headers } = response;
  return classifyResponse({ status, headers, body: await response.text() }, options);
}
