import { z } from "zod";

export interface BoardAt {
  readonly url: string;
  readonly jobsUrl: string;
  readonly readOnly: boolean;
}

/** Of `board`, once it listens. */
export const boardJson: z.ZodType<BoardAt> = z.strictObject({
  url: z.url(),
  jobsUrl: z.url(),
  readOnly: z.boolean(),
});
