import type { MiddlewareHandler } from "hono";
import { NONCE, secureHeaders } from "hono/secure-headers";

const everywhere = {
  referrerPolicy: "no-referrer",
  xFrameOptions: "DENY",
  // The board speaks plain HTTP; a proxy in front of it owns transport security.
  strictTransportSecurity: false,
} as const;

/** The pressure page: nothing but its own nonced script and style, and its own refresh. */
export const pressureHeaders: MiddlewareHandler = secureHeaders({
  ...everywhere,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [NONCE],
    styleSrc: [NONCE],
    connectSrc: ["'self'"],
    imgSrc: ["data:"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** Bull Board sets styles from script, and asks for a web font from outside, which is refused. */
export const bullBoardHeaders: MiddlewareHandler = secureHeaders({
  ...everywhere,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    fontSrc: ["'self'", "data:"],
    manifestSrc: ["'self'"],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
});
