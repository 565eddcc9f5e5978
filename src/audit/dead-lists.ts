/** Lines of a configuration that still ask DNS lists which have ended. */
import type { Finding } from "../finding/finding.ts";
import type { DeadList } from "../knowledge/list.ts";
import type { ConfigTree } from "../ports.ts";

/** Longer texts are tables of addresses, where nobody asks a list. */
const maxText = 2 * 1024 * 1024;
const maxLine = 4000;

export function deadListFindings(name: string, tree: ConfigTree, lists: readonly DeadList[]): readonly Finding[] {
  const zones = new Map(lists.flatMap((list) => list.zones.map((zone) => [zone, list] as const)));
  if (zones.size === 0) return [];
  const words = [...zones.keys()].sort((a, b) => b.length - a.length).map((zone) => zone.replaceAll(".", "\\."));
  const pattern = new RegExp(`(?<![a-z0-9-])(?:${words.join("|")})(?![a-z0-9.-]*[a-z0-9-])`, "gi");
  const findings = new Map<string, Finding>();
  for (const [file, content] of tree.files) {
    if (content.kind !== "text" || content.text.length > maxText) continue;
    for (const [index, whole] of content.text.split("\n").entries()) {
      const line = whole.slice(0, maxLine);
      if (isComment(line)) continue;
      for (const [zone] of line.matchAll(pattern)) {
        const list = zones.get(zone.toLowerCase());
        if (list === undefined) continue;
        const key = ["AUDIT_DEAD_LIST", name, file, list.id].join("|");
        if (!findings.has(key))
          findings.set(key, findingOf(list, zone, key, name, { file, line: index + 1, text: line }));
      }
    }
  }
  return [...findings.values()];
}

/** What every product here takes for a comment: `#` at the start, `dnl` in m4. */
const isComment = (line: string): boolean => /^\s*(#|dnl\b)/.test(line);

function findingOf(
  { name, ended, answersYesToAll, source }: DeadList,
  zone: string,
  key: string,
  subject: string,
  where: NonNullable<Finding["where"]>,
): Finding {
  return {
    tag: "AUDIT_DEAD_LIST",
    severity: answersYesToAll ? "medium" : "low",
    subject,
    key,
    says: `${name} (${zone}) ended (${ended}), and is still asked.`,
    why: answersYesToAll
      ? "It has been seen to answer that every address is listed: then all mail is refused."
      : "Each question to it waits in vain, and whoever takes over its domain decides whose mail you refuse.",
    remedy: `Take ${zone} out of this line.`,
    where: { ...where, text: where.text.trim().slice(0, 400) },
    evidence: [{ kind: "source", ref: source }],
    data: { zone, ended },
  };
}
