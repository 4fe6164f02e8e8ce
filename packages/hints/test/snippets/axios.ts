import { type Classified, classifyError, classifyResponse, type HintOptions } from "@headgate/hints";
import axios from "axios";

export async function viaAxios(url: string, options?: HintOptions): Promise<Classified> {
  try {
    return classifyResponse(await axios.get(url), options);
  } catch (error) {
    return classifyError(error, options);
  }
}
