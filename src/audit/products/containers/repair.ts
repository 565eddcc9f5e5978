/**
 * Edits of a stack's own files that may mend a hole: one line of its variables, of the compose file or of an override.
 * Whether one does is found out by auditing what it makes.
 */
import { posix } from "node:path";
import { ipSet } from "../../../net/ip-set.ts";
import { parsePrefix } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import { readCompose } from "../../deployment/compose.ts";
import { mailerImage } from "../../deployment/images.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, holePlace } from "../../holes.ts";
import type { FileEdit } from "../../product.ts";

export function repairsOf(hole: Hole, tree: ConfigTree): readonly (readonly FileEdit[])[] {
  const place = holePlace(hole);
  const edits: FileEdit[] = [];
  if (place !== null) {
    const file = tree.files.get(place.file);
    const lines = file?.kind === "text" ? file.text.split("\n") : [];
    const line = lines[place.start.line - 1] ?? "";
    const replaced = place.start.line === place.end.line ? (withoutTrust(line, hole) ?? guarded(line)) : null;
    if (replaced !== null && replaced !== line)
      edits.push({ path: place.file, edit: { from: place.start.line, to: place.start.line, with: [replaced] } });
  }
  const extra = extraCf(hole, tree);
  return [...edits.map((edit) => [edit]), ...(extra === null ? [] : [[extra]])];
}

const variable = /^(\s*(?:-\s*)?["']?(?:export\s+)?([A-Za-z_]+)\s*[=:]\s*)(.*?)(["']?\s*)$/;

/** The line of a variable that names fewer networks, or none. */
function withoutTrust(line: string, hole: Hole): string | null {
  const [, before = "", name = "", value = "", after = ""] = variable.exec(line) ?? [];
  const quote = /^["']/.exec(value)?.[0] ?? "";
  switch (name) {
    case "PERMIT_DOCKER":
      return `${before}${quote}none${after}`;
    case "RELAYNETS":
    case "SMTP_NETWORKS":
    case "MYNETWORKS":
    case "POSTFIX_MYNETWORKS":
    case "POSTFIX_mynetworks":
    case "mynetworks": {
      const kept = value
        .slice(quote.length)
        .split(/[\s,]+/)
        .filter((item) => {
          const prefix = parsePrefix(item.replace(/^\[([^\]]*)\]/, "$1"));
          if (!prefix.ok) return item.startsWith("!");
          if (hole.kind === "everyone" && prefix.value.length < (prefix.value.address.family === 4 ? 8 : 16))
            return false;
          return hole.clients.isEmpty || hole.clients.intersect(ipSet([prefix.value])).isEmpty;
        });
      const fallback = name === "RELAYNETS" || name === "SMTP_NETWORKS" ? "" : "127.0.0.0/8";
      return `${before}${quote}${kept.length === 0 ? fallback : kept.join(value.includes(",") ? "," : " ")}${after}`;
    }
    default:
      return null;
  }
}

/** An override that takes the guard away. */
function guarded(line: string): string | null {
  return /^\s*smtpd_relay_restrictions\s*=/.test(line)
    ? "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
    : null;
}

/** mailcow: networks that are named in extra.cf take the place of those that its main.cf trusts. */
function extraCf(hole: Hole, tree: ConfigTree): FileEdit | null {
  const compose = readCompose(tree);
  const isMailcow = [...(compose?.services.values() ?? [])].some(
    ({ image, name }) => mailerImage(image ?? "") === "mailcow" && hole.listener.name.endsWith(` in ${name}`),
  );
  if (compose === null || !isMailcow || decidingRule(hole)?.rule !== "permit_mynetworks") return null;
  const path = posix.join(compose.folder, "data/conf/postfix/extra.cf");
  const file = tree.files.get(path);
  if (file?.kind !== "text" || /^\s*mynetworks\s*=/m.test(file.text)) return null;
  const lines = file.text.split("\n");
  const end = lines.at(-1) === "" ? lines.length : lines.length + 1;
  return { path, edit: { from: end, to: end - 1, with: ["mynetworks = 127.0.0.0/8 [::1]/128"] } };
}
