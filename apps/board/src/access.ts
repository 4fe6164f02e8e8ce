import { headgateError } from "headgate/internal";

/**
 * Who may look at the board. Three decisions, all pure:
 * where it may be bound without a password, whose `Host` header it answers, and what a loopback name is.
 *
 * A board without a password is protected only by the loopback interface, and a web page in the
 * operator's browser stands inside that. Such a page can point a name of its own at 127.0.0.1
 * (DNS rebinding), so without a password only loopback names are answered.
 */

const loopbackV4 = /^127(?:\.\d{1,3}){3}$/;

/** True for names and addresses that lead to this machine only. Takes IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || loopbackV4.test(name);
}

/** The host part of a `Host` header: `[::1]:3000` gives `::1`, `localhost:3000` gives `localhost`. */
export function hostNameOf(header: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(header);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  return header.replace(/:\d*$/, "");
}

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

/** May a request with this `Host` header be answered? */
export function mayAnswer(hostHeader: string | undefined, hasPassword: boolean): boolean {
  if (hasPassword) return true;
  return hostHeader !== undefined && isLoopback(hostNameOf(hostHeader));
}
