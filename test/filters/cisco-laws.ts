/** For tests: what must hold of every platform here, whatever the site and whatever the text. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderJob } from "../../src/filters/job.ts";
import type { Platform } from "../../src/filters/platform.ts";
import { prove } from "../../src/filters/prove.ts";
import type { ProofResult } from "../../src/filters/result.ts";
import { rendered, siteText, wantedOfText } from "./random-sites.ts";

const numRuns = Number(process.env.FC_RUNS ?? 3);
const timeout = 20_000 + numRuns * 200;

export interface Existing {
  /** With the list attached at the platform's outside interface, coming in, for both families. */
  readonly text: string;
  readonly list: string;
}

function proofOf(platform: Platform, site: string, text: string, baseline: string | null = null): ProofResult {
  return prove({
    platform,
    reading: platform.read("filter", text),
    wanted: wantedOfText(site, platform),
    outside: platform.outside,
    list: null,
    direction: null,
    baseline: baseline === null ? null : platform.read("before", baseline),
  });
}

const isEntry = (line: string): boolean => /\b(permit|deny)\b/.test(line) && !/^\s*!/.test(line);

/**
 * `samples`: lines of the platform's language, for texts that are torn and mixed. `needed`: entries without which a
 * filter is not exact.
 */
export function laws(
  platform: Platform,
  existing: Existing,
  samples: readonly string[],
  needed: (line: string) => boolean = isEntry,
): void {
  test("what is written is exact when read back", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (site) => {
        const { filter, proof } = rendered(platform, site);
        const said = `${site}\n${filter.text}\n${proof.because}`;
        expect([proof.verdict, proof.troubles], said).toEqual(["exact", []]);
        expect(proofOf(platform, site, filter.text + filter.text).verdict, said).toBe("exact");
      }),
      { numRuns },
    );
  });

  test("every line of it is needed", { timeout }, () => {
    fc.assert(
      fc.property(siteText, fc.nat(), (site, which) => {
        // Where a whole network is a mailer nothing is denied, and an empty list lets everything pass as well.
        fc.pre(!site.includes("/32"));
        const { filter } = rendered(platform, site);
        const lines = filter.text.split("\n");
        const entries = lines.flatMap((line, index) => (needed(line) ? [index] : []));
        fc.pre(entries.length > 0);
        const gone = entries[which % entries.length] ?? 0;
        const text = lines.filter((_, index) => index !== gone).join("\n");
        expect(proofOf(platform, site, text).verdict, `${site}\n${text}`).not.toBe("exact");
      }),
      { numRuns },
    );
  });

  test("a text that breaks off is not exact", { timeout }, () => {
    fc.assert(
      fc.property(siteText, fc.nat(), (site, cut) => {
        fc.pre(!site.includes("/32")); // no filter at all may be right for it
        const { filter } = rendered(platform, site);
        const lines = filter.text.split("\n");
        const last = lines.findLastIndex((line) => line.trim() !== "" && !line.trim().startsWith("!"));
        const text = lines.slice(0, cut % last).join("\n");
        expect(proofOf(platform, site, text).verdict, `${site}\n${text}`).not.toBe("exact");
      }),
      { numRuns },
    );
  });

  test("put into a list that there is, it changes nothing but port 25", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (managed) => {
        const site = managed.replace("managed-only", "open");
        const insides = platform.inside === null ? [] : [platform.inside];
        const job = renderJob(wantedOfText(site, platform), {
          outside: platform.outside,
          insides,
          into: existing.list,
        });
        const { text } = platform.render(job);
        for (const whole of [existing.text + text, existing.text + text + text]) {
          const proof = proofOf(platform, site, whole, existing.text);
          const said = `${site}\n${whole}\n${proof.because}`;
          expect([proof.verdict, proof.othersUnchanged, proof.troubles], said).toEqual(["exact", true, []]);
        }
      }),
      { numRuns },
    );
  });

  test("no name breaks out of its line", { timeout }, () => {
    const site = "name: |\n  evil\n  permit ip any any ! ?\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\n";
    const job = renderJob(wantedOfText(site, platform), {
      outside: `${platform.outside}\n no shutdown`,
      insides: [],
      into: null,
    });
    const { text } = platform.render(job);
    expect(text.split("\n").filter((line) => /^ *(permit ip any any !|no shutdown)/.test(line))).toEqual([]);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(160);
  });

  test("no text makes the reader fail", { timeout }, () => {
    const line = fc.oneof(
      fc.constantFrom(...samples),
      fc.string(),
      fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.string()).map(([text, at, more]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + more + text.slice(cut + more.length);
      }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const reading = platform.read("torn", lines.join("\n"));
        for (const family of [4, 6] as const)
          for (const direction of ["in", "out"] as const) {
            for (const name of [null, ...reading.interfaces, "nowhere"]) reading.crossing(name, { family, direction });
            for (const name of reading.lists) reading.list(name, { family, direction });
          }
        reading.interfaceNamed(lines[0] ?? "");
      }),
      { numRuns: numRuns * 20 },
    );
  });

  test("a long configuration is read", { timeout }, () => {
    const entries = Array.from({ length: 100_000 / samples.length }, () => samples).flat();
    expect(() => platform.read("long", entries.join("\n"))).not.toThrow();
  });
}
