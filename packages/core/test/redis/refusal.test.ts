import { expect, it } from "vitest";
import { refusalOf } from "../../src/redis/refusal.ts";

const coded = (code: string): Error => Object.assign(new Error("handshake"), { code });

it.each([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
])("%s is no outage: waiting does not mend it", (code) => {
  expect(refusalOf(coded(code), "redis:6379")).toMatchObject({ code: "HG_REDIS_TLS", got: `redis:6379: ${code}` });
});

it.each([
  [
    "WRONGPASS invalid username-password pair or user is disabled.",
    "redis:6379: WRONGPASS invalid username-password pair or user is disabled",
  ],
  [
    "NOAUTH HELLO must be called with the client already authenticated, otherwise …",
    "redis:6379: NOAUTH, it wants a password",
  ],
  [
    "NOPERM this user has no permissions to run the 'info' command",
    "redis:6379: NOPERM this user has no permissions to run the 'info' command",
  ],
])("%s", (message, got) => {
  expect(refusalOf(new Error(message), "redis:6379")).toMatchObject({ code: "HG_REDIS_AUTH", got });
});

it("looks into what a cluster wraps", () => {
  const wrapped = Object.assign(new Error("Failed to refresh slots cache."), {
    lastNodeError: coded("CERT_HAS_EXPIRED"),
  });
  expect(refusalOf(wrapped, "cluster of a:6379")).toMatchObject({ code: "HG_REDIS_TLS" });
});

it.each([coded("ECONNREFUSED"), coded("ETIMEDOUT"), new Error("LOADING Redis is loading"), undefined])(
  "leaves %s alone",
  (error) => {
    expect(refusalOf(error, "redis:6379")).toBeNull();
  },
);
