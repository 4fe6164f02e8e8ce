import { type HeadgateError, headgateError } from "../errors.ts";

/** What Node calls a certificate that it does not trust, or a handshake that the other side breaks off. */
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|EPROTO$)/;
const AUTH = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

/** Pure: what a cluster's client wraps the errors of its nodes in says nothing. */
export const rootOf = (error: unknown): { code?: string; message?: string } =>
  (error as { lastNodeError?: Error } | undefined)?.lastNodeError ?? (error as Error | undefined) ?? {};

/**
 * Pure: the error of a start that waiting does not mend: Redis is there, but does not let us in, or we do not trust it. Null: it is
 * something else.
 */
export function refusalOf(error: unknown, address: string): HeadgateError | null {
  const { code = "", message = "" } = rootOf(error);
  if (TLS.test(code)) {
    return headgateError("HG_REDIS_TLS", { got: `${address}: ${code}`, cause: error });
  }
  if (AUTH.test(message)) {
    return headgateError("HG_REDIS_AUTH", { got: `${address}: ${inShort(message)}`, cause: error });
  }
  return null;
}

/** Redis answers a client without a password with three lines on the protocol. */
const inShort = (message: string): string =>
  message.startsWith("NOAUTH") ? "NOAUTH, it wants a password" : message.replace(/\.$/, "");
