/**
 * The words of one line, read from left to right. What is not understood is noted on the way, so that the reading ends
 * with the widest meaning that the line may have, and with what was wrong.
 */

export class Words {
  readonly #words: readonly string[];
  #at = 0;
  /** Understood, but about something that the model does not hold. */
  readonly doubts: string[] = [];
  /** Not understood. */
  readonly problems: string[] = [];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  /** The next word in lower case, as keywords are; empty at the end. */
  peek(ahead = 0): string {
    return (this.#words[this.#at + ahead] ?? "").toLowerCase();
  }

  /** The next word as it is written, as names are; empty at the end. */
  name(ahead = 0): string {
    return this.#words[this.#at + ahead] ?? "";
  }

  /** The same, and it is taken. */
  next(): string {
    const word = this.name();
    this.#at += 1;
    return word;
  }

  /** Whether the next word is this keyword, which is then taken. */
  take(...keywords: readonly string[]): boolean {
    if (this.done || !keywords.includes(this.peek())) return false;
    this.#at += 1;
    return true;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** What is left, as it is written; it is then taken. */
  rest(): readonly string[] {
    const left = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return left;
  }
}

export const split = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

/** A number of the header or a list: decimal, not longer than ten digits. */
export const isNumber = (word: string): boolean => /^\d{1,10}$/.test(word);
