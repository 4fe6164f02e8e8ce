import { eng, removeStopwords } from "stopword";

export interface Term {
  readonly term: string;
  readonly score: number;
}

const MOST_TERMS = 8;

/** Addresses and markup say nothing about what a text is about. */
const NOISE = /https?:\S+|<[^>]*>|!\[[^\]]*\]/gu;
const WORD = /\p{L}[\p{L}\p{N}-]+\p{L}/gu;

export const wordsOf = (text: string): string[] =>
  removeStopwords(text.replace(NOISE, " ").toLowerCase().match(WORD) ?? [], eng);

/** TF-IDF over what was read so far: a term tells much when it is frequent here and rare elsewhere. */
export class Corpus {
  #documents = 0;
  readonly #documentsWith = new Map<string, number>();

  /** Reads one more document, and answers its most telling terms. */
  tellingTerms(text: string): readonly Term[] {
    const words = wordsOf(text);
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);

    this.#documents += 1;
    for (const term of counts.keys()) this.#documentsWith.set(term, (this.#documentsWith.get(term) ?? 0) + 1);

    return [...counts]
      .map(([term, count]) => ({ term, score: (count / words.length) * this.#rarity(term) }))
      .sort((a, b) => b.score - a.score || a.term.localeCompare(b.term))
      .slice(0, MOST_TERMS);
  }

  #rarity(term: string): number {
    return Math.log((1 + this.#documents) / (this.#documentsWith.get(term) ?? 1));
  }
}
