/**
 * Answers in a site's own words: `language → wording → text`, in YAML. What a file leaves out of English or German stays as
 * built in; what it leaves out of another language is said in English. Pure: the text is handed in.
 */
import { parseDocument } from "yaml";
import { z } from "zod";
import { notParsed, type Parsed, parsed } from "../../text/parsed.ts";
import { placeholders, unknownPlaceholder } from "./fill.ts";
import { builtIn, type Wordings, wordingNames } from "./wordings.ts";

const text = z
  .string()
  .min(1)
  .max(5000)
  .superRefine((value, context) => {
    const unknown = unknownPlaceholder(value);
    if (unknown !== null)
      context.addIssue({
        code: "custom",
        message: `{${unknown}} stands for nothing. Known: ${placeholders.map((name) => `{${name}}`).join(", ")}`,
      });
  });

const names = z.enum([...wordingNames, "forward"]);

const overridesSchema = z.record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.partialRecord(names, text));

/** All languages that can be answered in. */
export type Languages = ReadonlyMap<string, Wordings>;

export const builtInLanguages: Languages = new Map(Object.entries(builtIn));

export function readOverrides(yaml: string): Parsed<Languages> {
  const document = parseDocument(yaml, { prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) return notParsed(broken.pos[0], broken.message);
  const read = overridesSchema.safeParse(toPlain(document));
  if (!read.success) {
    const [issue] = read.error.issues;
    return notParsed(0, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "cannot be read"}`);
  }
  const languages = new Map(builtInLanguages);
  for (const [language, own] of Object.entries(read.data)) {
    const before = builtInLanguages.get(language) ?? builtIn.en!;
    languages.set(language, { ...before, ...withoutGaps(own) });
  }
  return parsed(languages);
}

function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    return null; // aliases that stand for too much
  }
}

function withoutGaps(own: Readonly<Partial<Record<keyof Wordings, string | undefined>>>): Partial<Wordings> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as Partial<Wordings>;
}

/** The wordings of a language: `de-AT` is said as `de`, what nobody knows as English. */
export function wordingsIn(languages: Languages, tag: string): Wordings {
  return languages.get(tag) ?? languages.get(tag.split("-")[0] ?? "") ?? builtIn.en!;
}
