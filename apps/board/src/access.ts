import { headgateError, isLoopback } from "headgate/internal";

/** Beyond loopback the board listens only with a password. */
export function requireProtection(host: string, hasPassword: boolean): void {
  if (hasPassword || isLoopback(host)) return;
  throw headgateError("HG_BOARD_UNPROTECTED", {
    message: "The board shows job data and may change queues; beyond this machine it needs a password.",
    expected: "a password, or a loopback host",
    got: `host ${host} without a password`,
    fix: "set HEADGATE_BOARD_PASSWORD (or --password), or leave --host at 127.0.0.1",
  });
}
