/** The report of a guard as a document. */
import { type Block, code, type Document } from "../document.ts";
import type { GuardReport } from "../results/guard.ts";

export function guardDocument(report: GuardReport): Document {
  const { since, until, refused, wouldRefuse, rows, more } = report;
  const stretch = `${since.slice(0, 16).replace("T", " ")} to ${until.slice(0, 16).replace("T", " ")} UTC`;
  const blocks: Block[] = [
    {
      kind: "banner",
      title: "What the guard refused",
      word: refused + wouldRefuse === 0 ? "NOTHING" : String(refused + wouldRefuse),
      tone: "strong",
      says:
        refused + wouldRefuse === 0
          ? `No recipient was refused from ${stretch}.`
          : `${refused} recipients were refused, ${wouldRefuse} would have been (--observe), from ${stretch}.`,
    },
  ];
  const ours = rows.filter(({ whose }) => whose !== null);
  if (ours.length > 0)
    blocks.push({
      kind: "paragraph",
      text: `${ours.length} of these rows are about clients of your own: look at them before the guard refuses anything. A host that should send belongs into networks, or must log in.`,
    });
  if (rows.length > 0)
    blocks.push({
      kind: "table",
      head: ["times", "what", "rule", "client", "from", "to", "last"],
      rows: rows.map(({ count, action, reason, client, whose, from, to, last }) => [
        String(count),
        action === "refuse" ? "refused" : "would be",
        reason,
        client === null ? "others" : whose === null ? code(client) : [code(client), ` (${whose})`],
        from === "" ? "<>" : code(from),
        to === "" ? "-" : code(to),
        last.slice(0, 13).replace("T", " "),
      ]),
    });
  if (more) blocks.push({ kind: "paragraph", text: "There is more: --limit shows it, --format json all of it." });
  return { title: "What the guard refused", blocks };
}
