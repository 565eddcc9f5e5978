/** What an entry asks for, before it is put together. */
import type { Match } from "../../model.ts";
import type { End } from "./ends.ts";
import type { Service } from "./groups.ts";

export interface Parts {
  services: readonly Service[];
  serviceDoubt: string | null;
  source: End;
  destination: End;
  /** Flags, fragments, states: for every service alike. */
  narrow: Match;
  /** Its packets may be all of these kinds. */
  kinds: readonly Match[];
  /** IOS: packets that pass here open the way for their answers. */
  reflect: string | null;
}

export const newParts = (): Parts => ({
  services: [{}],
  serviceDoubt: null,
  source: {},
  destination: {},
  narrow: {},
  kinds: [{}],
  reflect: null,
});
