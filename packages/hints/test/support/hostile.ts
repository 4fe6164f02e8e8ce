import fc from "fast-check";

const names = [
  "date Retry-After retry-after-ms x-ms-retry-after-ms RateLimit RateLimit-Policy ratelimit-limit ratelimit-remaining",
  "ratelimit-reset X-RateLimit-Limit x-ratelimit-remaining x-ratelimit-reset x-ratelimit-reset-after x-rate-limit-reset",
  "x-ratelimit-limit-tokens x-ratelimit-remaining-tokens x-ratelimit-reset-tokens x-ratelimit-scope x-ratelimit-global",
  "anthropic-ratelimit-requests-limit anthropic-ratelimit-requests-remaining anthropic-ratelimit-requests-reset",
  "x-hubspot-ratelimit-daily x-hubspot-ratelimit-interval-milliseconds x-shopify-shop-api-call-limit x-ratelimit-retry-after",
]
  .join(" ")
  .split(" ");

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** 53,
    1e308,
    1e-308,
    429,
  ),
);

/** Pieces of what the fields are made of, in any order: near to right, so that they get far. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom('"a"', ";", ",", "r=", "t=", "q=", "w=", "pk=", ":YQ==:", "limit=", "remaining=", "reset=", " "),
      fc.constantFrom("-", ".", "ms", "s", "m0s", "h", "2026-11-25T12:00:00Z", "Wed, 25 Nov 2026 12:00:00 GMT", "/"),
      fc.nat().map(String),
      fc.constantFrom("9".repeat(400), "0", "-1", "1795608000", "1795608000000"),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

const values = fc.oneof(nearly, nearly, fc.string({ unit: "binary" }), numbers.map(String));

export const anyHeaders: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.constantFrom(...names), fc.string()), values), {
      maxLength: 10,
    }),
    fc.constantFrom("object", "pairs", "flat", "map"),
  )
  .map(([pairs, form]) => {
    if (form === "pairs") return pairs;
    if (form === "flat") return pairs.flat();
    return form === "map" ? new Map(pairs) : Object.fromEntries(pairs);
  });

const keys = [
  "status statusCode code type error errors headers response body data raw rawError message cause lastError retryAfter",
  "retryAfterMs msBeforeNext timeToReset consumedPoints $metadata $retryable responseHeaders responseBody extensions cost",
  "requestedQueryCost throttleStatus maximumAvailable currentlyAvailable restoreRate retry_after details @type violations",
  "quotaId retryDelay seconds nanos errorType policyName documentation_url global get length then toString toJSON",
]
  .join(" ")
  .split(" ");

const words = fc.constantFrom(
  "type.googleapis.com/google.rpc.RetryInfo",
  "type.googleapis.com/google.rpc.QuotaFailure",
  "RequestsPerDay",
  "RATE_LIMIT",
  "DAILY",
  "insufficient_quota",
  "Throttled",
  "55s",
  '{"error":{"retry_after":-5}}',
);

const leaf = fc.oneof(
  numbers,
  words,
  values,
  fc.constantFrom(null, undefined, true, () => 1, Symbol.iterator, 7n),
);

interface Tree {
  readonly tree: unknown;
}

const { tree } = fc.letrec<Tree>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    anyHeaders,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 6 }),
  ),
}));

/** Made once: to make an error costs more than all the reading that is measured. */
const refusal = new Error("no");
const refuse = (): never => {
  throw refusal;
};

/** How an object resists being read. */
const spoil: Record<string, (target: Record<string, unknown>) => unknown> = {
  not: (target) => target,
  "throwing getters": (target) => {
    for (const key of Object.keys(target).slice(0, 2)) Object.defineProperty(target, key, { get: refuse });
    return target;
  },
  cycle: (target) => Object.assign(target, { cause: target, error: target, response: target }),
  "throwing proxy": (target) =>
    new Proxy(target, { get: refuse, ownKeys: refuse, has: refuse, getPrototypeOf: refuse }),
  "proxy that answers everything": (target) => new Proxy(target, { get: (_, key) => target[String(key)] ?? target }),
  revoked: (target) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  },
  error: (target) => Object.assign(new Error("x"), target),
};

/** Boxed, because fast-check itself looks into what it makes. */
export const anyError: fc.Arbitrary<{ error: unknown }> = fc.oneof(
  { weight: 1, arbitrary: leaf.map((error) => ({ error })) },
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.dictionary(fc.constantFrom(...keys), tree, { maxKeys: 8 }),
        fc.constantFrom(...Object.keys(spoil)),
        fc.constantFrom(...Object.keys(spoil)),
      )
      .map(([target, outer, inner]) => {
        const response = spoil[inner]?.({ ...target, status: 429 });
        return { error: spoil[outer]?.({ ...target, response }) };
      }),
  },
);
