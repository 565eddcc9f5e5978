/** What `init` proposed, as a document. Pure. */
import { type Block, code, type Document, type Text, toned } from "../document.ts";
import type { InitResult } from "../results/init.ts";

export function initDocument(result: InitResult): Document {
  const { domain, file, networks, leftOut, mailers, hostedMx, warnings, todo } = result;
  const table = (head: readonly string[], rows: readonly (readonly Text[])[]): readonly Block[] =>
    rows.length === 0 ? [] : [{ kind: "table", head, rows }];
  return {
    title: `A site file for ${domain}`,
    blocks: [
      {
        kind: "heading",
        level: 1,
        text: file === null ? `Proposed for ${domain}` : [`Proposed for ${domain}, written to `, code(file)],
      },
      ...table(
        ["network", "from its SPF record"],
        networks.map(({ prefix, from }) => [prefix, from]),
      ),
      ...table(
        ["left out of the SPF record", "because"],
        leftOut.map(({ term, reason }) => [term, reason]),
      ),
      ...table(
        ["mailer", "host", "addresses", ""],
        mailers.map(({ name, host, addresses, outside }) => [
          name,
          host,
          addresses.join(", "),
          outside.length > 0 ? toned("outside the networks", "doubtful") : "",
        ]),
      ),
      ...table(
        ["never tested", "run by"],
        hostedMx.map(({ host, service }) => [host, service]),
      ),
      ...warnings.map((warning): Block => ({ kind: "paragraph", text: [toned("Note: ", "doubtful"), `${warning}.`] })),
      { kind: "heading", level: 2, text: "What is left to do" },
      { kind: "list", items: todo },
    ],
  };
}
