/** The page for whoever manages a mailer. Pure. */
import type { BriefDocument } from "../../repair/brief-result.ts";
import { some } from "../../repair/requirements.ts";
import { type Block, code, type Document, type Text, toned } from "../document.ts";

const roles: Readonly<Record<string, string>> = {
  mx: "takes mail from anybody",
  submission: "takes mail from users who log in",
  smarthost: "takes mail from named machines",
};

export function briefPage(brief: BriefDocument): Document {
  const { site, mailer, host, listeners, product, domains, networks, cells, requirements, found, acceptance } = brief;
  const title = `Requirements for the mailer ${mailer} of ${site}`;
  const remedies = requirements.filter((one) => one.product.length > 0);
  return {
    title,
    blocks: [
      { kind: "heading", level: 1, text: title },
      {
        kind: "facts",
        rows: [
          ["Mailer", host === null || host === mailer ? mailer : `${mailer} (${host})`],
          ...listeners.map(({ listener, role }, at): readonly [string, Text] => [
            at === 0 ? "Listens at" : "",
            [code(listener), `, ${role}: ${roles[role] ?? role}`],
          ]),
          ["Internal addresses", `in the domains ${some(domains)}`],
          ["Internal clients", `in the networks ${some(networks)}; a client that has logged in counts as internal`],
          ["As of", `${brief.at.slice(0, 10)}${brief.contact === null ? "" : `; questions to ${brief.contact}`}`],
        ],
      },
      { kind: "heading", level: 2, text: "The rule" },
      {
        kind: "table",
        head: ["client", "recipient", "rule", ""],
        rows: cells.map(({ client, recipient, rule, says }): readonly Text[] => [
          client,
          recipient,
          toned(rule.toUpperCase(), rule === "forbid" ? "bad" : "strong"),
          says,
        ]),
      },
      { kind: "heading", level: 2, text: "Requirements" },
      {
        kind: "paragraph",
        text: "MUST, SHOULD and MAY are those of RFC 2119. Each address and port has to meet all of them.",
      },
      {
        kind: "list",
        items: requirements.map(
          ({ id, says, reply, cites }): Text => [
            toned(`${id} `, "strong"),
            says,
            ...(reply === null ? [] : [" Reply: ", code(reply), "."]),
            toned(` [${cites.join("; ")}]`, "faint"),
          ],
        ),
      },
      ...foundBlocks(found),
      ...(product === null || remedies.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: `In ${product.name}` } as const,
            {
              kind: "list",
              items: remedies.map(({ id, product: words }): Text => [toned(`${id} `, "strong"), words.join(" ")]),
            } as const,
          ]),
      { kind: "heading", level: 2, text: "Acceptance test" },
      { kind: "code", text: acceptance.command },
      { kind: "list", items: [...acceptance.expects, ...acceptance.also] },
    ],
  };
}

function foundBlocks(found: BriefDocument["found"]): readonly Block[] {
  return found.length === 0
    ? []
    : [
        { kind: "heading", level: 2, text: "What the last test found" },
        {
          kind: "list",
          items: found.map(
            ({ subject, says, remedy, at }): Text => [
              code(subject),
              ` (${at.slice(0, 10)}): ${says}`,
              ...(remedy === "" ? [] : [toned(" Do: ", "strong"), remedy]),
            ],
          ),
        },
      ];
}
