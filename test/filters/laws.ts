/** For tests: what must hold of each of these platforms, whatever the site and whatever the text. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderJob } from "../../src/filters/job.ts";
import type { Platform } from "../../src/filters/platform.ts";
import { prove } from "../../src/filters/prove.ts";
import type { ProofResult } from "../../src/filters/result.ts";
import { rendered, siteText, wantedOfText } from "./random-sites.ts";

const numRuns = Number(process.env.FC_RUNS ?? 3);
const timeout = 30_000 + numRuns * 400;

export interface Law {
  /** Lines of the platform's language, for texts that are torn and mixed. */
  readonly samples: readonly string[];
  /** Without one of these a filter is not exact. */
  readonly needed: RegExp;
  /** Behind these nothing more is decided: a text may break off before them. */
  readonly idle: RegExp;
  /** A configuration with a filter that lets port 25 pass, and what is put into it. */
  readonly existing: {
    readonly text: string;
    readonly list: string;
    /** What a person has to fill in. */
    readonly filledIn?: (text: string) => string;
    /** What cannot be put in front of foreign rules. */
    readonly site?: (site: string) => string;
  };
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

export function laws(platform: Platform, { samples, needed, idle, existing }: Law): void {
  test("what is written is exact when read back, once and twice", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (site) => {
        const { filter, proof } = rendered(platform, site);
        const said = `${site}\n${filter.text}\n${proof.because}`;
        expect([proof.verdict, proof.troubles], said).toEqual(["exact", []]);
        expect(proofOf(platform, site, filter.text + filter.text).verdict, said).toBe("exact");
        const gone = platform.read("filter", filter.text + filter.rollback);
        expect(gone.troubles, `${filter.text}\n${filter.rollback}`).toEqual([]);
      }),
      { numRuns },
    );
  });

  test("every line of it is needed", { timeout }, () => {
    fc.assert(
      fc.property(siteText, fc.nat(), (site, which) => {
        // Where a whole network is a mailer nothing is denied, and an empty list lets everything pass as well.
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

  test("a text that breaks off is not exact, or is said to break off", { timeout }, () => {
    fc.assert(
      fc.property(siteText, fc.nat(), (site, cut) => {
        fc.pre(!site.includes("/32"));
        const lines = rendered(platform, site).filter.text.split("\n");
        // Where the default denies, and nobody has to be let through, there is nothing to lose.
        fc.pre(lines.some((line) => needed.test(line)));
        const last = lines.findLastIndex((line) => line.trim() !== "" && !idle.test(line));
        const text = lines.slice(0, cut % last).join("\n");
        const { verdict, troubles } = proofOf(platform, site, text);
        expect(verdict === "exact" && troubles.length === 0, `${site}\n${text}`).toBe(false);
      }),
      { numRuns },
    );
  });

  test("put into what is there, it changes nothing but port 25", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (random) => {
        const open = random.replace("managed-only", "open");
        const site = existing.site?.(open) ?? open;
        const job = renderJob(wantedOfText(site, platform), {
          outside: platform.outside,
          insides: platform.inside === null ? [] : [platform.inside],
          into: existing.list,
        });
        const { text } = platform.render(job);
        const filled = existing.filledIn?.(text) ?? text;
        for (const whole of [existing.text + filled, existing.text + filled + filled]) {
          const proof = proofOf(platform, site, whole, existing.text);
          const said = `${site}\n${whole}\n${proof.because}`;
          expect([proof.verdict, proof.othersUnchanged, proof.troubles], said).toEqual(["exact", true, []]);
        }
      }),
      { numRuns },
    );
  });

  test("no name breaks out of its place", { timeout }, () => {
    const site =
      'name: |\n  evil */ } "\n  set permit accept any\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: []\n';
    const { filter, proof } = rendered(platform, site);
    expect([proof.verdict, proof.troubles]).toEqual(["exact", []]);
    expect(filter.text.split("\n").filter((line) => /^\s*set permit/.test(line))).toEqual([]);
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
            for (const name of [null, ...reading.interfaces, "nowhere"]) {
              reading.crossing(name, { family, direction });
              if (name !== null) reading.aliases(name);
            }
            for (const name of reading.lists) reading.list(name, { family, direction });
          }
        reading.interfaceNamed(lines[0] ?? "");
      }),
      { numRuns: numRuns * 20 },
    );
  });

  test("a long configuration is read", { timeout: 60_000 }, () => {
    const entries = Array.from({ length: Math.ceil(100_000 / samples.length) }, () => samples).flat();
    expect(() => platform.read("long", entries.join("\n"))).not.toThrow();
  });
}
