/** For tests: what must hold of platforms whose rollback is no text of theirs, whatever the site and whatever the text. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Platform } from "../../src/filters/platform.ts";
import { prove } from "../../src/filters/prove.ts";
import type { ProofResult } from "../../src/filters/result.ts";
import { rendered, siteText, wantedOfText } from "./random-sites.ts";

const numRuns = Number(process.env.FC_RUNS ?? 3);
const timeout = 30_000 + numRuns * 400;

function proofOf(platform: Platform, site: string, text: string): ProofResult {
  return prove({
    platform,
    reading: platform.read("filter", text),
    wanted: wantedOfText(site, platform),
    outside: platform.outside,
    list: null,
    direction: null,
    baseline: null,
  });
}

export interface Law {
  /** Lines or documents of the platform's language, to be torn and mixed. */
  readonly samples: readonly string[];
  /** Without one of these lines a filter is not exact; null: such lines cannot be told. */
  readonly needed: RegExp | null;
}

export function laws(platform: Platform, { samples, needed }: Law): void {
  test("what is written is exact when read back", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (site) => {
        const { filter, proof } = rendered(platform, site);
        expect([proof.verdict, proof.troubles], `${site}\n${filter.text}\n${proof.because}`).toEqual(["exact", []]);
      }),
      { numRuns },
    );
  });

  if (needed !== null)
    test("every line of it is needed", { timeout }, () => {
      fc.assert(
        fc.property(siteText, fc.nat(), (site, which) => {
          // Where a whole network is a mailer nothing has to be stopped.
          fc.pre(!site.includes("/32"));
          const lines = rendered(platform, site).filter.text.split("\n");
          const entries = lines.flatMap((line, index) => (needed.test(line) ? [index] : []));
          fc.pre(entries.length > 0);
          const gone = entries[which % entries.length] ?? 0;
          const text = lines.filter((_, index) => index !== gone).join("\n");
          expect(proofOf(platform, site, text).verdict, `${lines[gone]}\n${site}\n${text}`).not.toBe("exact");
        }),
        { numRuns },
      );
    });

  test("a text that breaks off is not exact", { timeout }, () => {
    fc.assert(
      fc.property(siteText, fc.nat(), (site, cut) => {
        fc.pre(!site.includes("/32"));
        const lines = rendered(platform, site).filter.text.trimEnd().split("\n");
        const text = lines.slice(0, cut % (lines.length - 1)).join("\n");
        expect(proofOf(platform, site, text).verdict, `${site}\n${text}`).not.toBe("exact");
      }),
      { numRuns },
    );
  });

  test("no name breaks out of its place", { timeout }, () => {
    const site =
      'name: |\n  evil */ } "\n  pass in quick all\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: []\n';
    const { filter, proof } = rendered(platform, site);
    expect([proof.verdict, proof.troubles]).toEqual(["exact", []]);
    expect(filter.text.split("\n").filter((line) => line.startsWith("pass"))).toEqual([]);
  });

  test("no text makes the reader fail, and none is taken for a filter", { timeout }, () => {
    const line = fc.oneof(
      fc.constantFrom(...samples),
      fc.string(),
      fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.string()).map(([text, at, more]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + more + text.slice(cut + more.length);
      }),
    );
    const site =
      "name: A\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: [{name: mx, addresses: [192.0.2.25], ports: [25]}]\n";
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const text = lines.join("\n");
        const reading = platform.read("torn", text);
        for (const family of [4, 6] as const)
          for (const direction of ["in", "out"] as const) {
            for (const name of [null, ...reading.interfaces, "nowhere"]) {
              reading.crossing(name, { family, direction });
              if (name !== null) reading.aliases(name);
            }
            for (const name of reading.lists) reading.list(name, { family, direction });
          }
        reading.interfaceNamed(lines[0] ?? "");
        expect(proofOf(platform, site, text).verdict).not.toBe("exact");
      }),
      { numRuns: numRuns * 10 },
    );
  });

  test("a long text is read", { timeout: 60_000 }, () => {
    const entries = Array.from({ length: Math.ceil(100_000 / samples.length) }, () => samples).flat();
    expect(() => platform.read("long", entries.join("\n"))).not.toThrow();
  });
}
