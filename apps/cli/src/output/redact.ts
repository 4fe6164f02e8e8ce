/** Secrets are taken out where text leaves the process, so no command has to remember it. */

const MASK = "***";
/** Not the words in a text that says what an address looks like. */
const credentials = /(\b[a-z][a-z0-9+.-]*:\/\/)(?!\[user:password@\])[^\s/@]*@/gi;
const passwordParameter = /([?&](?:sentinel)?password=)[^&\s"']*/gi;

/** Masks user and password in anything that looks like a URL, well formed or not. */
export function redactUrl(text: string): string {
  return text.replace(credentials, `$1${MASK}@`).replace(passwordParameter, `$1${MASK}`);
}

export type Redact = (text: string) => string;

/** Also masks secrets that are known by value, longest first, wherever they turn up. */
export function redactor(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets)].filter((secret) => secret.length > 0).sort((a, b) => b.length - a.length);
  return (text) => known.reduce((clean, secret) => clean.replaceAll(secret, MASK), redactUrl(text));
}
