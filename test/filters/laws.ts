/** For tests: what must hold of every platform, whatever the site and whatever the text. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderJob } from "../../src/filters/job.ts";
import type { Platform } from "../../src/filters/platform.ts";
import { prove } from "../../src/filters/prove.ts";
import type { ProofResult } from "../../src/filters/result.ts";
import { rendered, siteText, wantedOfText } from "./random-sites.ts";

/** Lines of the longest configuration; `npm run filters:property` reads the hundred thousand that a large router has. */
const longest = process.env.FC_RUNS === undefined ? 20_000 : 100_000;

const numRuns = Number(process.env.FC_RUNS ?? 3);
const timeout = 30_000 + numRuns * 400;

export interface Law {
  /** Lines or documents of the platform's language, to be torn and mixed. */
  readonly samples: readonly string[];
  /** Without one of these lines a filter is not exact; null: such lines cannot be told. */
  readonly needed: RegExp | ((line: string) => boolean) | null;
  /** Behind these nothing more is decided: a text may break off before them. */
  readonly idle?: RegExp;
  /** A text that breaks off may be exact if it is said to break off: what is lost decides nothing. */
  readonly brokenOff?: "told";
  /** What takes a filter back is text of the same language. */
  readonly rollback?: "reads";
  /** What is torn and mixed is never a whole filter. */
  readonly torn?: "never exact";
  /** A configuration with a filter that lets port 25 pass, and what is put into it. */
  readonly existing?: Existing;
}

interface Existing {
  readonly text: string;
  readonly list: string;
  /** What a person has to fill in. */
  readonly filledIn?: (text: string) => string;
  /** What cannot be put in front of foreign rules. */
  readonly site?: (site: string) => string;
}

/** An entry of a list as most routers write it. */
export const isEntry = (line: string): boolean => /\b(permit|deny)\b/.test(line) && !/^\s*!/.test(line);

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

const plainSite =
  "name: A\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: [{name: mx, addresses: [192.0.2.25], ports: [25]}]\n";

/** Where a whole network is a mailer nothing has to be stopped, and no filter at all may be right. */
const wholeNetwork = (site: string): boolean => site.includes("/32");

export function laws(platform: Platform, law: Law): void {
  const { samples, needed, idle, existing } = law;

  test("what is written is exact when read back, once and twice", { timeout }, () => {
    fc.assert(
      fc.property(siteText, (site) => {
        const { filter, proof } = rendered(platform, site);
        const said = `${site}\n${filter.text}\n${proof.because}`;
        expect([proof.verdict, proof.troubles], said).toEqual(["exact", []]);
        expect(rendered(platform, site).filter).toEqual(filter);
        expect(filter.rollback).not.toBe("");
        expect(proofOf(platform, site, filter.text + filter.text).verdict, said).toBe("exact");
        if (law.rollback !== "reads") return;
        const gone = platform.read("filter", filter.text + filter.rollback);
        expect(gone.troubles, `${filter.text}\n${filter.rollback}`).toEqual([]);
      }),
      { numRuns },
    );
  });

  if (needed !== null)
    test("every line of it is needed", { timeout }, () => {
      const isNeeded = needed instanceof RegExp ? (line: string) => needed.test(line) : needed;
      fc.assert(
        fc.property(siteText, fc.nat(), (site, which) => {
          fc.pre(!wholeNetwork(site));
          const lines = rendered(platform, site).filter.text.split("\n");
          const entries = lines.flatMap((line, index) => (isNeeded(line) ? [index] : []));
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
        fc.pre(!wholeNetwork(site));
        const lines = rendered(platform, site).filter.text.trimEnd().split("\n");
        // Where the default denies, and nobody has to be let through, there is nothing to lose.
        if (law.brokenOff === "told" && needed instanceof RegExp) fc.pre(lines.some((line) => needed.test(line)));
        const last = lines.findLastIndex((line) => line.trim() !== "" && idle?.test(line) !== true);
        const text = lines.slice(0, cut % last).join("\n");
        const { verdict, troubles } = proofOf(platform, site, text);
        const told = law.brokenOff === "told" && troubles.length > 0;
        expect(verdict === "exact" && !told, `${site}\n${text}`).toBe(false);
      }),
      { numRuns },
    );
  });

  if (existing !== undefined)
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
    const name = ['evil */ } "', "permit ip any any ! ?", "set permit accept any", "pass in quick all"];
    const site = `name: |\n${name.map((line) => `  ${line}\n`).join("")}domains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: []\n`;
    const { filter, proof } = rendered(platform, site);
    expect([proof.verdict, proof.troubles]).toEqual(["exact", []]);
    const job = renderJob(wantedOfText(site, platform), {
      outside: `${platform.outside}\n no shutdown`,
      insides: platform.inside === null ? [] : [platform.inside],
      into: null,
    });
    for (const text of [filter.text, platform.render(job).text]) {
      const lines = text.split("\n");
      expect(
        lines.filter((line) => /^\s*(permit ip any any !|set permit|pass in quick all|no shutdown)/.test(line)),
      ).toEqual([]);
    }
  });

  test("no text makes the reader fail", { timeout }, () => {
    const line = fc.oneof(
      fc.constantFrom(...samples),
      fc.string(),
      fc.string({ unit: "binary" }),
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
        if (law.torn === "never exact")
          expect(proofOf(platform, plainSite, lines.join("\n")).verdict).not.toBe("exact");
      }),
      { numRuns: numRuns * 20 },
    );
  });

  test(`a configuration of ${longest} lines is read`, { timeout: 60_000 }, () => {
    const entries = Array.from({ length: Math.ceil(longest / samples.length) }, () => samples).flat();
    expect(() => platform.read("long", entries.join("\n"))).not.toThrow();
  });
}
