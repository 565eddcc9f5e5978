/** Commands to be copied: what is printed is what a POSIX shell has to be given. Pure. */
import type { Step } from "../knowledge/product.ts";
import type { Action } from "./result.ts";

/** What leads to the same site file and store, where they were named: every command has to repeat it. */
export interface Whereabouts {
  readonly site: string | null;
  readonly store: string | null;
}

/** These write or look, and record nothing: they take no store. */
const storeless = ["doctor", "filters render", "filters conditions"];

/** One line for `fencepost`, each word quoted where the shell would read it otherwise. */
export function fencepostLine(words: readonly string[], { site, store }: Whereabouts): string {
  const [command = "", second = ""] = words;
  const recorded = !storeless.includes(command) && !storeless.includes(`${command} ${second}`);
  const options = [
    ...(site === null ? [] : ["--site", site]),
    ...(store === null || !recorded ? [] : ["--store", store]),
  ];
  return ["fencepost", ...words, ...options].map(quoted).join(" ");
}

/** Brackets and stars are patterns to a shell: whatever is not plainly a word is quoted. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What the catalogue has a person do on the mailer. */
export function byHand(steps: readonly Step[], why: string): readonly Action[] {
  return steps.map((step): Action => {
    if ("run" in step) return { on: "mailer", run: step.run, says: `${why}${note(step.note)}` };
    if ("write" in step)
      return { on: "mailer", run: null, says: `${why}: write ${step.write} in ${step.in}${note(step.note)}` };
    return { on: "mailer", run: null, says: `${why}: ${step.do}` };
  });
}

const note = (text: string | undefined): string => (text === undefined ? "" : ` (${text})`);
