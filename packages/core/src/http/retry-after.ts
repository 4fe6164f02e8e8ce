/**
 * `Retry-After` as RFC 9110 (10.2.3) writes a delay: whole seconds. Rounded up, as a caller that comes too early is refused again;
 * at least 1, as 0 invites a loop.
 */
export const retryAfterSeconds = (retryAfterMs: number): number => Math.max(1, Math.ceil(retryAfterMs / 1_000));
