/** The triage: one screen for each answer, and a letter for each decision. What is decided is on record at once. */
import { type Reply, type ReplyRoute, replyRoutes } from "../complaints/reply/result.ts";
import { replyScreenDocument } from "../report/documents/replies.ts";
import { renderText, type TextOptions } from "../report/faces/text.ts";
import { shown } from "../report/shown.ts";
import { UsageError } from "../tasks/errors.ts";
import { approve, confirmSent, previewOf, type ReviewContext, reworded, skip } from "../tasks/reply-review.ts";
import type { Questions } from "./questions.ts";

export interface TriageSurroundings extends ReviewContext {
  readonly questions: Questions;
  /** Shows text that is safe for a terminal. */
  readonly print: (text: string) => void;
  /** Null: it was left as it was. */
  readonly edit: (text: string) => Promise<string | null>;
  readonly terminal: TextOptions;
}

/** So many lines of nonsense, and the answer is left for later: a pipe has run dry, or somebody leans on the keyboard. */
const patience = 20;

/** Returns how many were approved; it stops where nobody answers any more. */
export async function triage(replies: readonly Reply[], surroundings: TriageSurroundings): Promise<number> {
  let approved = 0;
  for (const [index, reply] of replies.entries()) {
    const decision = await decide(reply, { at: index + 1, of: replies.length }, surroundings);
    if (decision === "approved") approved += 1;
    if (decision === "quit") break;
  }
  return approved;
}

async function decide(
  first: Reply,
  place: { readonly at: number; readonly of: number },
  surroundings: TriageSurroundings,
): Promise<"approved" | "later" | "quit"> {
  const { questions, print, edit, terminal, languages } = surroundings;
  let reply = first;
  let route: ReplyRoute = first.route;
  let show = true;
  const change = (draft: Reply["draft"]): void => {
    reply = { ...reply, draft };
    show = true;
  };
  const told = (done: boolean): void => {
    if (!done) print("Somebody else has dealt with it meanwhile.\n");
  };
  for (let tries = 0; tries < patience; tries += 1) {
    if (show) {
      const message = readable(
        safely(() => previewOf(reply, route, surroundings)),
        reply,
      );
      print(renderText(replyScreenDocument(reply, place, message), terminal));
      print(`${choicesOf(reply, route)}\n`);
      show = false;
    }
    const line = await questions.ask("> ");
    if (line === null) return "quit";
    const [letter = "", ...words] = line.split(/\s+/);
    const word = words.join(" ");
    switch (letter.toLowerCase()) {
      case "":
        return "later";
      case "q":
        return "quit";
      case "a": {
        const done = await approved(reply, route, surroundings);
        if (done === null) break;
        told(done);
        return done ? "approved" : "later";
      }
      case "y":
        if (reply.state !== "unknown") {
          print("y is for those of which it is not known whether they were sent.\n");
          break;
        }
        told(await confirmSent(reply, surroundings));
        return "later";
      case "s":
        told(await skip(reply, word === "" ? "a person decided against an answer" : word, surroundings));
        return "later";
      case "n":
        told(await skip(reply, "not a complaint", surroundings));
        return "later";
      case "e": {
        const text = await edit(reply.draft.text);
        if (text === null || text.trim() === "") print("The text is as it was.\n");
        else change({ ...reply.draft, text, edited: text !== reply.draft.text || reply.draft.edited });
        break;
      }
      case "w": {
        const wording =
          reply.draft.offered.find((one) => one === word) ?? nextOf(reply.draft.offered, reply.draft.wording);
        change(reworded(reply.draft, wording, reply.draft.language, surroundings));
        break;
      }
      case "l": {
        const all = [...languages.keys()];
        const language = all.find((one) => one === word) ?? nextOf(all, reply.draft.language);
        change(reworded(reply.draft, reply.draft.wording, language, surroundings));
        break;
      }
      case "r":
        route = replyRoutes.find((one) => one === word) ?? nextOf(replyRoutes, route);
        show = true;
        break;
      default:
        print(`${choicesOf(reply, route)}\n`);
    }
  }
  return "later";
}

/** Null: it cannot be done, and why was said. */
async function approved(reply: Reply, route: ReplyRoute, surroundings: TriageSurroundings): Promise<boolean | null> {
  try {
    return await approve(reply, route, surroundings);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    surroundings.print(`${shown(error.message)}\n`);
    return null;
  }
}

function safely(message: () => string): string {
  try {
    return message();
  } catch (error) {
    if (error instanceof UsageError) return `(${error.message})`;
    throw error;
  }
}

/** The header as it is sent, and the text as it was written: nobody reads quoted-printable. */
function readable(message: string, { draft }: Reply): string {
  const header = message.split("\r\n\r\n", 1)[0] ?? "";
  const fields = header
    .split("\r\n")
    .filter((line) => /^(?:From|Reply-To|To|Subject|In-Reply-To):|^\(|^\s/i.test(line));
  return `${fields.join("\n")}\n\n${draft.text}`;
}

function choicesOf({ state, draft }: Reply, route: ReplyRoute): string {
  return [
    state === "unknown" ? "a send it again · y it was sent" : "a accept",
    "e edit · s skip · n not a complaint",
    `w wording (${draft.offered.join(", ")})`,
    `l language · r route (now ${route})`,
    "Enter later · q quit",
  ].join(" · ");
}

function nextOf<T extends string>(all: readonly T[], now: T): T {
  const at = all.indexOf(now);
  return all[(at + 1) % all.length]!; // never empty
}
