const loopbackV4 = /^127(?:\.\d{1,3}){3}$/;

/** True for names and addresses that lead to this machine only. Takes IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || loopbackV4.test(name);
}

/**
 * May a request with this `Host` header be answered? A server without a password is protected only by the loopback
 * interface, and a web page in somebody's browser stands inside that. Such a page can point a name of its own at 127.0.0.1
 * (DNS rebinding), so without a password only loopback names are answered.
 */
export function mayAnswer(hostHeader: string | undefined, hasPassword: boolean): boolean {
  if (hasPassword) return true;
  return hostHeader !== undefined && isLoopback(hostNameOf(hostHeader));
}

export const urlOf = (host: string, port: number): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

/** The host part of a `Host` header: `[::1]:3000` gives `::1`, `localhost:3000` gives `localhost`. */
function hostNameOf(header: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(header);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  return header.replace(/:\d*$/, "");
}
