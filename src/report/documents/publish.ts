/** What was published, as a document. Pure. */
import { code, type Document, type Text } from "../document.ts";
import type { PublishResult } from "../results/publish.ts";

/** So many addresses are told one by one. */
const maxTold = 200;

export function publishDocument({ zone, listed, held, files }: PublishResult): Document {
  return {
    title: `List ${zone}`,
    blocks: [
      { kind: "heading", level: 1, text: `${zone}: ${listed.length} listed, ${held.length} held back` },
      ...(listed.length === 0
        ? []
        : [
            {
              kind: "table",
              head: ["listed", "proved", "ends"],
              rows: listed
                .slice(0, maxTold)
                .map((one): readonly Text[] => [
                  code(one.address),
                  one.provedAt.slice(0, 10),
                  one.expires.slice(0, 10),
                ]),
            } as const,
          ]),
      ...(held.length === 0
        ? []
        : [
            {
              kind: "table",
              head: ["held back", "because"],
              rows: held.slice(0, maxTold).map((one): readonly Text[] => [code(one.address), one.because]),
            } as const,
          ]),
      { kind: "facts", rows: files.map(({ path, bytes }) => ["Written", `${path} (${bytes} bytes)`] as const) },
    ],
  };
}
