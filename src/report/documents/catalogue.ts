/** Entries of the catalogue, as documents. Pure. */
import type { Probe } from "../../knowledge/probe.ts";
import type { Product } from "../../knowledge/product.ts";
import type { Remedy } from "../../knowledge/remedy.ts";
import { type Block, code, counted, type Document, type Text } from "../document.ts";
import type { CatalogueResult } from "../results/catalogue.ts";

export function catalogueDocument(result: CatalogueResult): Document {
  return { title: "Catalogue", blocks: blocksOf(result) };
}

function blocksOf(result: CatalogueResult): readonly Block[] {
  const { probe, product, profile, remedy } = result;
  if (probe !== undefined)
    return [...probeBlocks(probe, result.inProfiles ?? []), ...(remedy === undefined ? [] : remedyBlocks(remedy))];
  if (product !== undefined) return productBlocks(product);
  if (profile !== undefined)
    return [
      { kind: "heading", level: 1, text: `${profile.id}: ${profile.title}` },
      { kind: "paragraph", text: profile.note },
      { kind: "paragraph", text: `It asks for ${counted(result.ofProbes?.length ?? 0, "probe")}:` },
      { kind: "list", items: (result.ofProbes ?? []).map((id) => code(id)) },
    ];
  if (remedy !== undefined)
    return [
      ...remedyBlocks(remedy),
      ...(result.forProducts ?? []).map(
        ({ name, text }): Block => ({ kind: "paragraph", text: [{ text: `${name}: `, tone: "strong" }, text] }),
      ),
      {
        kind: "paragraph",
        text: `It answers ${counted(result.ofProbes?.length ?? 0, "probe")}: ${(result.ofProbes ?? []).join(", ")}`,
      },
    ];
  if (result.products !== undefined)
    return [
      {
        kind: "table",
        head: ["product", "name", "checked against", "last verified"],
        rows: result.products.map(({ id, name, checkedAgainst, verified }) => [id, name, checkedAgainst, verified]),
      },
      more,
    ];
  return listBlocks(result);
}

const more: Block = { kind: "paragraph", text: ["One of them: ", code("fencepost catalogue show ID")] };

function listBlocks({ serial, date, probes = [], profiles = [], unsupported = [] }: CatalogueResult): readonly Block[] {
  return [
    { kind: "paragraph", text: `Catalogue ${serial} of ${date}: ${counted(probes.length, "probe")} listed.` },
    ...(probes.length === 0
      ? []
      : [
          {
            kind: "table",
            head: ["probe", "class", "era", "what is tried"],
            rows: probes.map((one): readonly Text[] => [one.id, one.class, one.era, one.title]),
          } as const,
        ]),
    ...(unsupported.length === 0
      ? []
      : [{ kind: "list", items: unsupported.map(({ id, reason }) => `${id}: ${reason}`) } as const]),
    {
      kind: "table",
      head: ["profile", "probes", "what it is"],
      rows: profiles.map(({ id, title, probes: count }) => [id, String(count), title]),
    },
    more,
  ];
}

function probeBlocks(probe: Probe, inProfiles: readonly string[]): readonly Block[] {
  return [
    { kind: "heading", level: 1, text: `${probe.id}: ${probe.title}` },
    { kind: "paragraph", text: probe.why },
    {
      kind: "facts",
      rows: [
        ["class", probe.class],
        ["era", probe.era],
        ["safety", probe.safety],
        ["senders", probe.passes.length === 0 ? "written in its steps" : probe.passes.join(", ")],
        ...(probe.needs.length === 0 ? [] : [["needs", probe.needs.join(", ")] as const]),
        ["profiles", inProfiles.length === 0 ? "only by name (--probes)" : inProfiles.join(", ")],
        ["since", `catalogue ${probe.since}, last verified ${probe.verified}`],
        ["see", probe.references.join("; ")],
      ],
    },
    { kind: "heading", level: 2, text: "Steps" },
    {
      kind: "list",
      items: probe.steps.flatMap((step) =>
        Object.entries(step).map(([name, value]) => [
          `${name} `,
          code(typeof value === "string" ? value : JSON.stringify(value)),
        ]),
      ),
    },
  ];
}

function remedyBlocks({ id, title, text }: Remedy): readonly Block[] {
  return [
    { kind: "heading", level: 2, text: `Remedy ${id}: ${title}` },
    { kind: "paragraph", text },
  ];
}

function productBlocks(product: Product): readonly Block[] {
  const { files, relaying } = product.configuration;
  return [
    { kind: "heading", level: 1, text: product.name },
    {
      kind: "facts",
      rows: [
        ["id", product.id],
        ["checked against", `${product.checkedAgainst}, last verified ${product.verified}`],
        ["files", files.length === 0 ? "none known" : files.join(", ")],
        ["see", product.references.join("; ")],
      ],
    },
    { kind: "heading", level: 2, text: "Where its relay rule is written" },
    { kind: "paragraph", text: relaying },
    ...(product.remedies === undefined
      ? []
      : [
          { kind: "heading", level: 2, text: "What to change, by remedy" } as const,
          { kind: "facts", rows: Object.entries(product.remedies) } as const,
        ]),
  ];
}
