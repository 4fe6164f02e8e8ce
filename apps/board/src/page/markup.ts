import type { html } from "hono/html";

/** Escaped markup, as the `html` tag returns it. */
export type Markup = ReturnType<typeof html>;
