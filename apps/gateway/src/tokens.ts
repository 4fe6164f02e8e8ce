import { createHash, timingSafeEqual } from "node:crypto";
import { headgateError, isLoopback } from "headgate/internal";

/** Who may use the gateway: bearers of one of the tokens, or `"none"`: everybody on this machine. */
export type Tokens = readonly string[] | "none";

/** True for an `Authorization` header that bears one of the tokens. */
export type IsAllowed = (authorization: string | undefined) => boolean;

/** b64token of RFC 6750; anything else could not stand in the header. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Authentication is the default, on loopback too; without it no other machine is listened to. */
export function requireProtection(tokens: Tokens | undefined, host: string): void {
  const got = tokens === undefined || tokens.length === 0 ? "no token" : `"none" on ${host}`;
  if (tokens === "none" ? isLoopback(host) : tokens !== undefined && tokens.length > 0) return;
  throw headgateError("HG_GATEWAY_UNPROTECTED", { expected: 'bearer tokens, or "none" on a loopback host', got });
}

/**
 * Tokens are kept and compared as digests: of one length whatever was sent, in constant time, and every one of them is looked
 * at, so that the time of an answer tells nothing about any.
 */
export function tokenCheck(tokens: Tokens): IsAllowed {
  if (tokens === "none") return () => true;
  const digests = tokens.map((token, index) => {
    if (TOKEN.test(token)) return digest(token);
    throw headgateError("HG_OPTION_INVALID", {
      what: `createGateway.tokens[${index}]`,
      expected: "one or more of A-Z a-z 0-9 . _ ~ + / -",
      got: `${token.length} characters`,
    });
  });
  return (authorization) => {
    const given = digest(BEARER.exec(authorization ?? "")?.[1] ?? "");
    let found = false;
    for (const known of digests) found = timingSafeEqual(known, given) || found;
    return found;
  };
}

const digest = (token: string): Buffer => createHash("sha256").update(token).digest();
