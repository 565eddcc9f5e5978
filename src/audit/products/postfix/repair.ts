/** Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. */

import { formatIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, holePlace } from "../../holes.ts";
import type { FileEdit } from "../../product.ts";
import { tokens } from "./parameters.ts";
import { type PostfixFiles, postfixFiles } from "./postfix.ts";

const guard = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination";

export function repairsOf(hole: Hole, tree: ConfigTree, inside: readonly Prefix[]): readonly (readonly FileEdit[])[] {
  const files = postfixFiles(tree);
  if (files === null) return [];
  const all: (readonly FileEdit[])[] = [];
  const add = (edits: readonly FileEdit[] | null): void => {
    if (edits !== null && edits.length > 0) all.push(edits);
  };
  const place = holePlace(hole);
  switch (hole.kind) {
    case "everyone":
    case "network":
    case "client-name":
      if (decidingRule(hole)?.rule === "permit_mynetworks")
        for (const own of inside.length === 0 ? [[]] : [[], inside]) add(withoutClients(hole, own, files, tree));
      break;
    case "copied-destination":
      add(place === null ? null : [removed(place)]);
      break;
    case "passed-on":
      add(settingsRemoved(["allow_untrusted_routing", "resolve_dequoted_address"], hole, files));
      break;
    case "impersonation":
      add(settingsRemoved(["smtpd_authorized_xclient_hosts"], hole, files));
      break;
    case "backup-mx":
      add(withoutItem("permit_mx_backup", hole, files));
      break;
    case "certificate":
      add(withoutItem("permit_tls_all_clientcerts", hole, files));
      break;
  }
  if (place !== null && isTable(place, files)) {
    add(anchored(place));
    if (hole.kind === "sender" || hole.kind === "helo" || hole.kind === "recipient") add(dunno(place));
  }
  const rule = decidingRule(hole)?.rule ?? "";
  if (rule !== "" && rule !== "permit_mynetworks") add(guarded(rule, hole, files, tree));
  add(withoutWarning(hole, files, tree));
  add(setRelay(hole, files, tree));
  return all;
}

const editOf = (span: Span, lines: readonly string[]): FileEdit => ({
  path: span.file,
  edit: { from: span.start.line, to: span.end.line, with: lines },
});

const removed = (span: Span): FileEdit => editOf(span, []);

function isTable(span: Span, files: PostfixFiles): boolean {
  return span.file !== files.main.source.file && span.file !== files.masterFile;
}

/** A listener's own setting, or main.cf's. */
function settingOf(
  name: string,
  hole: Hole,
  files: PostfixFiles,
): { readonly value: string; readonly span: Span; readonly own: boolean } | null {
  const service = files.master?.services.find((one) => one.name === hole.listener.name);
  const own = service?.overrides.get(name);
  if (own !== undefined) return { value: own.value, span: own.where, own: true };
  const main = files.main.settings.get(name);
  return main === undefined ? null : { value: main.value, span: main.where, own: false };
}

/** The edit that gives a setting another value, wherever it is set. */
function changed(name: string, value: string, hole: Hole, files: PostfixFiles, tree: ConfigTree): FileEdit | null {
  const setting = settingOf(name, hole, files);
  if (setting === null) {
    const { source } = files.main;
    const end = source.text.endsWith("\n") || source.text === "" ? source.lineCount : source.lineCount + 1;
    return { path: source.file, edit: { from: end, to: end - 1, with: [`${name} = ${value}`] } };
  }
  if (!setting.own) return editOf(setting.span, [`${name} = ${value}`]);
  return overridden(setting.span, `${name}=${value.replace(/,\s+/g, ",").replace(/\s+/g, ",")}`, tree);
}

/** Replaces a word of a line of master.cf. */
function overridden(span: Span, word: string, tree: ConfigTree): FileEdit | null {
  const file = tree.files.get(span.file);
  if (file?.kind !== "text" || span.start.line !== span.end.line) return null;
  const line = file.text.split("\n")[span.start.line - 1] ?? "";
  return editOf(span, [`${line.slice(0, span.start.column - 1)}${word}${line.slice(span.end.column - 1)}`]);
}

/** mynetworks without the items that hold the clients in question, and with these networks. */
function withoutClients(
  hole: Hole,
  own: readonly Prefix[],
  files: PostfixFiles,
  tree: ConfigTree,
): readonly FileEdit[] | null {
  const setting = settingOf("mynetworks", hole, files);
  if (setting === null) return null;
  const kept = tokens(setting.value)
    .map(({ text }) => text)
    .filter((text) => {
      const prefix = parsePrefix(text.replace(/^\[([^\]]*)\]/, "$1"));
      if (!prefix.ok) return text.startsWith("!");
      // Both families at once: nobody wants half of a repair.
      const { address, length } = prefix.value;
      if (hole.kind === "everyone" && length < (address.family === 4 ? 8 : 16)) return false;
      return hole.clients.isEmpty || hole.clients.intersect(ipSet([prefix.value])).isEmpty;
    });
  const named = own.map((prefix) => networkText(prefix)).filter((text) => !kept.includes(text));
  const value = [...(kept.length > 0 ? kept : ["127.0.0.0/8", "[::1]/128"]), ...named].join(" ");
  const edit = changed("mynetworks", value, hole, files, tree);
  return edit === null ? null : [edit];
}

/** As mynetworks has it: an IPv6 address in brackets (postconf(5)). */
function networkText({ address, length }: Prefix): string {
  return address.family === 6 ? `[${formatIp(address)}]/${length}` : `${formatIp(address)}/${length}`;
}

function settingsRemoved(names: readonly string[], hole: Hole, files: PostfixFiles): readonly FileEdit[] | null {
  const edits = names.flatMap((name) => {
    const setting = settingOf(name, hole, files);
    return setting === null || setting.own ? [] : [removed(setting.span)];
  });
  return edits.length === 0 ? null : edits;
}

const listNames = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"] as const;

function withoutItem(item: string, hole: Hole, files: PostfixFiles): readonly FileEdit[] | null {
  const edits = listNames.flatMap((name) => {
    const setting = settingOf(name, hole, files);
    if (setting === null || setting.own) return [];
    const items = tokens(setting.value).map(({ text }) => text);
    if (!items.includes(item)) return [];
    return [editOf(setting.span, [`${name} = ${joined(items.filter((text) => text !== item))}`])];
  });
  return edits.length === 0 ? null : edits;
}

/** reject_unauth_destination before the word that permits, in the list that holds it. */
function guarded(rule: string, hole: Hole, files: PostfixFiles, tree: ConfigTree): readonly FileEdit[] | null {
  const words = rule.split(/[\s:]/);
  for (const name of listNames) {
    const setting = settingOf(name, hole, files);
    if (setting === null) continue;
    const items = tokens(setting.value).map(({ text }) => text);
    const index = items.findIndex(
      (text, at) =>
        text === words[0] &&
        (words[0] === "permit" || items[at + 1] === undefined || rule.includes(items[at + 1] ?? "")),
    );
    if (index < 0) continue;
    const before = items.slice(0, index);
    const after = items.slice(index).filter((text) => !/^(reject|defer)_unauth_destination$/.test(text));
    const edit = changed(name, joined([...before, "reject_unauth_destination", ...after]), hole, files, tree);
    return edit === null ? null : [edit];
  }
  return null;
}

function withoutWarning(hole: Hole, files: PostfixFiles, tree: ConfigTree): readonly FileEdit[] | null {
  for (const name of listNames) {
    const setting = settingOf(name, hole, files);
    if (setting === null) continue;
    const items = tokens(setting.value).map(({ text }) => text);
    const kept = items.filter(
      (text, at) => text !== "warn_if_reject" || !/_unauth_destination$|^(reject|defer)$/.test(items[at + 1] ?? ""),
    );
    if (kept.length === items.length) continue;
    const edit = changed(name, joined(kept), hole, files, tree);
    return edit === null ? null : [edit];
  }
  return null;
}

/** The guard that Postfix has by default, but permanent. */
function setRelay(hole: Hole, files: PostfixFiles, tree: ConfigTree): readonly FileEdit[] | null {
  const value = hole.listener.role === "submission" ? "permit_sasl_authenticated, reject" : guard;
  const edit = changed("smtpd_relay_restrictions", value, hole, files, tree);
  return edit === null ? null : [edit];
}

/** Restrictions with their arguments, parted by commas. */
function joined(items: readonly string[]): string {
  let text = "";
  items.forEach((item, index) => {
    const before = items[index - 1];
    text +=
      index === 0
        ? item
        : before !== undefined &&
            /^(check_|reject_rbl|reject_rhsbl|permit_dnswl|permit_rhswl|sleep|warn_if_reject)/.test(before)
          ? ` ${item}`
          : `, ${item}`;
  });
  return text;
}

/** A pattern with its ends fixed and its whole text compared. */
function anchored(span: Span): readonly FileEdit[] | null {
  const match = /^(\s*)\/(.*)\/([A-Za-z]*)(\s.*)?$/s.exec(span.text);
  const pattern = match?.[2];
  if (match === null || pattern === undefined || (pattern.startsWith("^") && pattern.endsWith("$"))) return null;
  if (pattern.includes("|")) return null;
  const start = pattern.startsWith("^") ? "" : pattern.startsWith("@") ? "^[^@]+" : "^";
  const end = pattern.endsWith("$") ? "" : "$";
  return [editOf(span, [`${match[1] ?? ""}/${start}${pattern}${end}/${match[3] ?? ""}${match[4] ?? ""}`])];
}

function dunno(span: Span): readonly FileEdit[] | null {
  const line = span.text.replace(/\s(OK|RELAY|PERMIT|permit)\s*$/i, " DUNNO");
  return line === span.text ? null : [editOf(span, line.split("\n"))];
}
