/** What a sweep found, as a document. Pure. */
import { type CellKind, cellKinds } from "../../sweep/map.ts";
import type { FoundListener, SweepDocument, SweepVerdict } from "../../sweep/result.ts";
import { type Block, code, counted, type Document, type MapKind, type Text, type Tone, toned } from "../document.ts";

export const sweepWords = {
  "as-declared": { word: "AS DECLARED", tone: "good" },
  unexpected: { word: "UNEXPECTED", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<SweepVerdict, { readonly word: string; readonly tone: Tone }>;

const kinds = {
  pending: { name: "not tried", sign: " ", tone: "faint", quiet: true },
  "refused-here": { name: "not sent by this machine", sign: "!", tone: "doubtful", quiet: false },
  filtered: { name: "no answer", sign: "·", tone: "faint", quiet: true },
  unreachable: { name: "a router says unreachable", sign: "-", tone: "faint", quiet: true },
  closed: { name: "closed", sign: "x", tone: "strong", quiet: true },
  other: { name: "listens, not a mail service", sign: "?", tone: "doubtful", quiet: false },
  expected: { name: "managed mailer", sign: "o", tone: "good", quiet: false },
  unexpected: { name: "unexpected mail service", sign: "#", tone: "bad", quiet: false },
} as const satisfies Record<CellKind, MapKind>;

/** So many listeners are told one by one in the text. */
const maxListeners = 200;

export function sweepDocument(result: SweepDocument): Document {
  const { verdict, because, vantage, counts, listeners, missing, maps } = result;
  const { word, tone } = sweepWords[verdict];
  const title = `Mail services in ${result.networks.length > 3 ? counted(result.networks.length, "network") : result.networks.join(", ")}`;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: because },
      {
        kind: "facts",
        rows: [
          [
            "Seen from",
            vantage === "unknown"
              ? "an address that site.yaml does not place"
              : vantage === "external"
                ? "outside"
                : "inside",
          ],
          ["Ports", result.ports.join(", ")],
          [
            "Knocks",
            `${total}: ${counts.open} open, ${counts.closed} closed, ${counts.filtered} without an answer, ${counts.unreachable} called unreachable by a router${counts.pending > 0 ? `, ${counts.pending} not made` : ""}`,
          ],
          ...result.knownHostsOnly.map(({ network, hosts }): [string, Text] => [
            "Known hosts only",
            `${network}: ${counted(hosts, "host")}; too large to be walked through (--hosts names more)`,
          ]),
        ],
      },
      ...(listeners.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "What listens" } as const,
            {
              kind: "table",
              head: ["where", "", "mailer", "says"],
              rows: listeners.slice(0, maxListeners).map(listenerRow),
            } as const,
            ...(listeners.length > maxListeners
              ? [{ kind: "paragraph", text: `and ${listeners.length - maxListeners} more` } as const]
              : []),
          ]),
      ...(missing.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Named in site.yaml, and not answering" } as const,
            {
              kind: "table",
              head: ["mailer", "where", "state"],
              rows: missing.map((one): readonly Text[] => [
                one.mailer,
                code(`${one.address} port ${one.port}`),
                one.state,
              ]),
            } as const,
          ]),
      ...maps.map(
        ({ network, perCell, rows }): Block => ({
          kind: "map",
          title: perCell === 1 ? network : `${network}, ${perCell} addresses a cell`,
          legend: cellKinds.map((kind) => kinds[kind]),
          rows: rows.map(({ first, runs }) => ({
            label: first,
            runs: runs.map(([kind, count]) => [Math.max(0, cellKinds.indexOf(kind as CellKind)), count] as const),
          })),
        }),
      ),
      ...nextBlocks(result),
    ],
  };
}

function listenerRow({
  address,
  port,
  speaks,
  banner,
  product,
  tls,
  mailer,
  expected,
}: FoundListener): readonly Text[] {
  const what =
    speaks === "smtp"
      ? expected
        ? toned("managed", "good")
        : toned("unexpected", "bad")
      : toned(speaks === "silent" ? "silent" : "no mail service", "doubtful");
  const certificate = tls?.certificate === null || tls === null ? "" : ` (certificate: ${tls.certificate})`;
  return [
    code(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`),
    what,
    mailer ?? "",
    `${product === null ? "" : `${product}: `}${banner ?? ""}${certificate}`,
  ];
}

function nextBlocks({ listeners, resumeFrom }: SweepDocument): readonly Block[] {
  const unexpected = listeners.filter(({ speaks, expected }) => speaks === "smtp" && !expected);
  const shown = unexpected
    .slice(0, 5)
    .map(({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`));
  return [
    ...(unexpected.length === 0
      ? []
      : [
          { kind: "paragraph", text: "Test them (or sweep with --check, which does it for all):" } as const,
          { kind: "code", text: `fencepost check ${shown.join(" ")}${unexpected.length > 5 ? " …" : ""}` } as const,
        ]),
    ...(resumeFrom === null
      ? []
      : [{ kind: "paragraph", text: "`fencepost sweep --resume` goes on from here." } as const]),
  ];
}
