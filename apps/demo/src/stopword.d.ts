/** What the demo uses of a package that ships no types. */
declare module "stopword" {
  export const eng: readonly string[];
  export function removeStopwords(words: readonly string[], stopwords?: readonly string[]): string[];
}
