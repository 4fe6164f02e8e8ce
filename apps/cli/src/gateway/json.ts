import { z } from "zod";

export interface GatewayAt {
  readonly url: string;
  readonly authenticated: boolean;
}

/** Of `gateway`, once it listens. */
export const gatewayJson: z.ZodType<GatewayAt> = z.strictObject({ url: z.url(), authenticated: z.boolean() });
