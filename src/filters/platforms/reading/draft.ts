/** A reading while it is made: chains, and lines that could not be read. */
import type { Source } from "../../../text/source.ts";
import type { Chain, Match, Place, Rule, Trouble } from "../../model.ts";

/** So much of a line is shown: an XML file may be one line. */
const maxText = 300;

export class Draft {
  readonly chains = new Map<string, Chain>();
  readonly troubles: Trouble[] = [];
  readonly #source: Source;
  readonly #told = new Set<string>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** A line of the text; 0 is nothing written. */
  place(line: number): Place {
    return { file: this.#source.file, line, text: this.#source.line(line).trim().slice(0, maxText) };
  }

  /** What the platform does by itself. */
  unwritten(text: string): Place {
    return { file: this.#source.file, line: 0, text };
  }

  /** Reports a line once, however often it is used. */
  trouble(line: number, says: string): void {
    const key = `${line} ${says}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.troubles.push({ place: this.place(line), says });
  }

  /** A rule whose line was not understood, and that may be about these packets. */
  unknownRule(line: number, why: string, matches: readonly Match[] = [{}]): Rule {
    this.trouble(line, why);
    return { matches, action: { kind: "unknown", why }, place: this.place(line) };
  }
}
