/**
 * `site.yaml`: what is ours. The one file from which everything else is derived, read into parsed values, with every
 * fault placed to line and column.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from "yaml";
import { type Source, sourceOf } from "../text/source.ts";
import { inconsistencies, oddities } from "./consistency.ts";
import type { Site } from "./model.ts";
import { type Remark, remarksOf, type SiteProblem } from "./problem.ts";
import { type SiteValues, siteSchema } from "./schema.ts";

export type { Site } from "./model.ts";

export type SiteResult =
  | { readonly ok: true; readonly site: Site; readonly warnings: readonly SiteProblem[] }
  | { readonly ok: false; readonly errors: readonly SiteProblem[] };

/** More would only scroll the first ones away. */
const maxProblems = 50;

/** Aliases a reader may follow; a file that needs more is built to explode. */
const maxAliases = 1000;

/** Reads the text of a site file; `file` is its name in problems. The caller bounds the size of the text. */
export function parseSite(text: string, file: string): SiteResult {
  const source = sourceOf(file, text);
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  if (document.errors.length > 0) {
    return failed(
      document.errors.map(({ message, pos }) => ({ at: pos[0], message: `not YAML: ${message}` })),
      source,
    );
  }
  const value = plain(document);
  if (!value.ok) return failed([{ at: value.at, message: value.message }], source);

  const read = siteSchema.safeParse(value.value);
  if (!read.success) return failed(placed(remarksOf(read.error.issues, value.value, siteSchema), document), source);
  const site = siteOf(read.data);
  const errors = inconsistencies(site);
  if (errors.length > 0) return failed(placed(errors, document), source);
  return { ok: true, site, warnings: problems(placed(oddities(site), document), source) };
}

function siteOf(values: SiteValues): Site {
  const { check, contacts, catcher, mail } = values;
  return {
    name: values.name,
    domains: values.domains,
    networks: values.networks,
    mailers: values.mailers.map((mailer) => ({
      ...mailer,
      host: mailer.host ?? null,
      domains: mailer.domains ?? values.domains,
      product: mailer.product ?? null,
      acceptFrom: mailer.acceptFrom === "any" ? null : mailer.acceptFrom,
    })),
    policy: values.policy,
    contacts: {
      abuse: contacts.abuse ?? null,
      postmaster: contacts.postmaster ?? null,
      csirt: contacts.csirt ?? null,
      tester: contacts.tester ?? null,
    },
    check: {
      localRecipient: check.localRecipient ?? null,
      control: check.control ?? null,
      clientCertificate: check.clientCertificate ?? null,
    },
    catcher:
      catcher === undefined
        ? null
        : {
            domain: catcher.domain ?? null,
            listen: catcher.listen ?? null,
            addresses: catcher.address ?? [],
            senderDomain: catcher.senderDomain ?? null,
            backupDomain: catcher.backupDomain ?? null,
          },
    mail: {
      submit: mail.submit ?? null,
      alternative: mail.alternative ?? null,
      abuseMailbox: mail.abuseMailbox ?? null,
      passwordFile: mail.passwordFile ?? null,
      wordings: mail.wordings ?? null,
      language: mail.language,
    },
    recipients: values.recipients ?? null,
    hostedMx: values.hostedMx,
  };
}

type Plain =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly at: number; readonly message: string };

/** The document as plain values; a few nested aliases can stand for billions of values, so they are bounded. */
function plain(document: Document.Parsed): Plain {
  let aliases = 0;
  let last = 0;
  const refuse = (message: string): Plain => ({ ok: false, at: last, message });
  const tooMany = "aliases (*name) stand for too much here. Write the values out";
  try {
    visit(document, {
      Alias(_, node) {
        aliases += 1;
        last = node.range?.[0] ?? 0;
        return aliases > maxAliases ? visit.BREAK : undefined;
      },
    });
    if (aliases > maxAliases) return refuse(tooMany);
    return { ok: true, value: document.toJS({ maxAliasCount: maxAliases }) };
  } catch (error) {
    // How the library tells of too many aliases, and the engine of too many levels.
    if (error instanceof ReferenceError) return refuse(tooMany);
    if (error instanceof RangeError) return refuse("nested too deeply");
    throw error;
  }
}

interface Placed {
  readonly at: number;
  readonly message: string;
}

function placed(remarks: readonly Remark[], document: Document.Parsed): readonly Placed[] {
  return remarks
    .slice(0, maxProblems + 1)
    .map((remark) => ({ at: offsetOf(document, remark), message: remark.message }));
}

/** Where the value or key of a path begins; for what is not there, the nearest thing around it that is. */
function offsetOf(document: Document.Parsed, { path, on }: Remark): number {
  let node: unknown = document.contents;
  let at = 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(step));
      if (pair === undefined) break;
      const key = isScalar(pair.key) ? (pair.key.range?.[0] ?? at) : at;
      if (on === "key" && index === path.length - 1) return key;
      at = key;
      next = pair.value;
    } else if (isSeq(node) && typeof step === "number") next = node.items[step];
    if (next === undefined || next === null) break;
    node = next;
    at = startOf(node) ?? at;
  }
  return at;
}

function startOf(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? null) : null;
}

function failed(found: readonly Placed[], source: Source): SiteResult {
  return { ok: false, errors: problems(found, source) };
}

function problems(found: readonly Placed[], source: Source): readonly SiteProblem[] {
  return [...found]
    .sort((a, b) => a.at - b.at)
    .slice(0, maxProblems)
    .map(({ at, message }) => ({ file: source.file, ...source.positionAt(at), message }));
}
