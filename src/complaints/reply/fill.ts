/** A wording with names and times put in, its lines no longer than a mail's should be (RFC 5322 §2.1.1). Pure. */

import { z } from "zod";
import { wrapped } from "../../text/wrap.ts";

export const placeholders = ["server", "address", "site", "contact", "event", "repaired", "to", "subject"] as const;

/** What `{server}` and the others stand for in one answer. */
export const valuesSchema = z.strictObject({
  /** `mx1.ourcollege.ac.uk (192.0.2.25)`. */
  server: z.string(),
  address: z.string(),
  site: z.string(),
  contact: z.string(),
  /** `2026-11-24`. */
  event: z.string(),
  repaired: z.string(),
  to: z.string(),
  subject: z.string(),
});
export type Values = z.infer<typeof valuesSchema>;

/** The text as it is sent: paragraphs wrapped, the name of the site and whom to write to below. */
export function fill(wording: string, values: Values): string {
  const body = substituted(wording, values).split(/\n\s*\n/);
  const paragraphs = body
    .map((paragraph) => wrapped(paragraph.trim().replace(/\s+/g, " ")))
    .filter((one) => one !== "");
  return `${[...paragraphs, `${values.site}\n${values.contact}`].join("\n\n")}\n`;
}

/** The first `{name}` that stands for nothing. */
export function unknownPlaceholder(wording: string): string | null {
  for (const [, name = ""] of wording.matchAll(/\{([a-zA-Z-]{1,40})\}/g))
    if (!(placeholders as readonly string[]).includes(name)) return name;
  return null;
}

/** In one pass: what stands for a name is not looked at again. */
function substituted(wording: string, values: Values): string {
  return wording.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? oneLine(values[name as keyof Values]) : whole,
  );
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").slice(0, 300);
