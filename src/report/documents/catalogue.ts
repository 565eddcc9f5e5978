/** Entries of the catalogue, as documents. Pure. */
import type { List, ListCode } from "../../knowledge/list.ts";
import type { Probe } from "../../knowledge/probe.ts";
import type { Product, Step } from "../../knowledge/product.ts";
import type { Receiver } from "../../knowledge/receiver.ts";
import type { Remedy } from "../../knowledge/remedy.ts";
import { type Block, code, counted, type Document, type Text, toned } from "../document.ts";
import type { CatalogueResult } from "../results/catalogue.ts";
import { severityTones } from "../tones.ts";

export function catalogueDocument(result: CatalogueResult): Document {
  return { title: "Catalogue", blocks: blocksOf(result) };
}

function blocksOf(result: CatalogueResult): readonly Block[] {
  const { probe, product, list, profile, remedy, receiver } = result;
  if (receiver !== undefined) return receiverBlocks(receiver);
  if (probe !== undefined)
    return [...probeBlocks(probe, result.inProfiles ?? []), ...(remedy === undefined ? [] : remedyBlocks(remedy))];
  if (product !== undefined) return productBlocks(product);
  if (list !== undefined) return dnsListBlocks(list);
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
  if (result.lists !== undefined)
    return [
      {
        kind: "table",
        head: ["list", "name", "status", "weight", "zones"],
        rows: result.lists.map(({ id, name, status, weight, zones }) => [id, name, status, weight, zones.join(", ")]),
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
  const { auditedAs, defaults = [], misconfigurations = [], remedies = {}, fingerprints } = product;
  const titled = (text: string, blocks: readonly Block[]): readonly Block[] => [
    { kind: "heading", level: 2, text },
    ...blocks,
  ];
  return [
    { kind: "heading", level: 1, text: product.name },
    {
      kind: "facts",
      rows: [
        ["id", product.id],
        ["checked against", `${product.checkedAgainst}, last verified ${product.verified}`],
        ...(auditedAs === undefined ? [] : [["audit", code(`fencepost audit --product ${auditedAs} PATH`)] as const]),
        ["files", files.length === 0 ? "none known" : files.join(", ")],
        ["see", product.references.join("; ")],
      ],
    },
    ...titled("Where its relay rule is written", [{ kind: "paragraph", text: relaying }]),
    ...commandsOf(product).flatMap(({ title, steps }) => titled(title, [{ kind: "list", items: steps.map(stepText) }])),
    ...(misconfigurations.length === 0
      ? []
      : titled("What goes wrong", [
          {
            kind: "events",
            events: misconfigurations.map(({ id, tag, severity, what, remedy, sources }) => ({
              word: severity,
              tone: severityTones[severity],
              title: [toned(`${id}: `, "strong"), what],
              lines: [
                [toned("Do: ", "strong"), remedy],
                toned(`${tag === undefined ? "" : `The audit calls it ${tag}. `}See ${sources.join(", ")}`, "faint"),
              ],
            })),
          },
        ])),
    ...(defaults.length === 0
      ? []
      : titled("What holds where nobody has set it", [
          {
            kind: "table",
            head: ["setting", "default", "versions"],
            rows: defaults.map(({ setting, value, versions, note }) => [
              setting,
              note === undefined ? value : `${value} (${note.replace(/\.$/, "")})`,
              versions,
            ]),
          },
        ])),
    ...(Object.keys(remedies).length === 0
      ? []
      : titled("What to change, by remedy of a probe", [{ kind: "facts", rows: Object.entries(remedies) }])),
    ...(fingerprints.length === 0
      ? []
      : titled("How it is told", [
          {
            kind: "table",
            head: ["in", "pattern", "weight"],
            rows: fingerprints.map(({ in: place, pattern, weight }) => [place, code(pattern), String(weight)]),
          },
        ])),
  ];
}

function dnsListBlocks(list: List): readonly Block[] {
  const { removal, zones, aliases = [], within, look, hazard, limits, ignore, ended } = list;
  const { kind, where, how, wants, time, fee } = removal;
  const codes = [...list.codes, ...zones.flatMap(({ codes: own = [] }) => own)];
  const fact = (name: string, value: Text | null | undefined): readonly (readonly [string, Text])[] =>
    value === null || value === undefined ? [] : [[name, value]];
  return [
    { kind: "heading", level: 1, text: list.name },
    { kind: "paragraph", text: `Who is listed: ${list.criteria}` },
    {
      kind: "facts",
      rows: [
        ["id", list.id],
        ["operator", list.operator],
        ["status", `${list.status} (${list.known})`],
        ...fact("ended", ended),
        ["weight", list.weight],
        ["zones", zones.length === 0 ? "none that can be asked" : zones.map(zoneText).join(", ")],
        ...fact("also known as", aliases.length === 0 ? null : aliases.join(", ")),
        ...fact("asked as part of", within),
        ["open relays", list.relays],
        ...fact("ignore it", ignore),
        ...fact("to look", look?.replace("{subject}", "")),
        ...fact("beware", hazard),
        ...fact("limits", limits),
        ["see", `${list.sources.join("; ")} (verified ${list.verified}; ${list.confidence})`],
      ],
    },
    ...(codes.length === 0
      ? []
      : [
          { kind: "heading", level: 2, text: "What its answers mean" } as const,
          {
            kind: "table",
            head: ["answer", "", "means"],
            rows: codes.map(({ kind: word, means, ...code }) => [answerText(code), word, means]),
          } as const,
        ]),
    { kind: "heading", level: 2, text: "To get off" },
    {
      kind: "facts",
      rows: [
        ["how", `${how} (${kind})`],
        ...fact("where", where),
        ...fact("they want", wants.length === 0 ? null : wants.join("; ")),
        ["time", time],
        ...fact("money", fee),
      ],
    },
  ];
}

const zoneText = ({ zone, subjects }: List["zones"][number]): string => `${zone} (${subjects.join(" ")})`;

/** `127.0.0.2`, or a bit of the last octet. */
export function answerText({ answer, bit }: Pick<ListCode, "answer" | "bit">): string {
  return answer ?? `bit ${bit}`;
}

export interface CommandGroup {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** What a person types or does with a product, in the order of an emergency: stop it, look, show, mend. */
export function commandsOf({ listener, queue, dump, reload }: Product): readonly CommandGroup[] {
  const groups: readonly (readonly [string, readonly Step[] | undefined])[] = [
    ["To stop taking mail from outside", listener.stop],
    ["To take mail from this machine alone", listener.loopback],
    ["To hold what is queued", queue?.hold],
    ["To look at the queue", queue?.look],
    ["To let the queue go, without the spam", queue?.release],
    ["To show its configuration", dump],
    ["To check a change", reload?.check],
    ["To make tables anew", reload?.tables],
    ["To put a change into force", reload?.apply],
  ];
  return groups.flatMap(([title, steps]) => (steps === undefined ? [] : [{ title, steps }]));
}

function stepText(step: Step): Text {
  if ("do" in step) return step.do;
  const { note } = step;
  // A comment where it is pasted along with its command.
  if ("run" in step) return [code(step.run), ...(note === undefined ? [] : [toned(`  # ${note}`, "faint")])];
  return ["Write ", code(step.write), ` in ${step.in}.`, ...(note === undefined ? [] : [toned(` ${note}`, "faint")])];
}

function receiverBlocks(receiver: Receiver): readonly Block[] {
  const row = (label: string, text: string): readonly (readonly [string, Text])[] =>
    text === "" ? [] : [[label, text]];
  return [
    { kind: "heading", level: 1, text: `${receiver.id}: ${receiver.name}` },
    { kind: "paragraph", text: receiver.criteria },
    {
      kind: "facts",
      rows: [
        ...row("Open relays", receiver.relays ?? ""),
        ...row("How to get off", receiver.removal),
        ...row("Ask", receiver.ask.map((one) => ("page" in one ? one.page : one.mail)).join(", ")),
        ...row("Takes", receiver.time),
        ...row("Weight", receiver.weight),
        ...row("Hosts", receiver.hosts.join(", ")),
        ...row("Recipients at", receiver.domains.join(", ")),
        ...row("Confidence", receiver.confidence),
        ...row("Sources", receiver.sources.join("; ")),
        ...row("Last verified", receiver.verified),
      ],
    },
    { kind: "paragraph", text: "A refusal that holds one of these is theirs:" },
    { kind: "list", items: receiver.says.map((pattern) => code(pattern)) },
  ];
}
