/** The site of the tests: one mailer, one network, a department below the domain. */
import type { SiteView } from "../../src/complaints/judge.ts";
import { type RawMessage, readMessage } from "../../src/complaints/read.ts";
import type { Report } from "../../src/complaints/result.ts";
import { siteLookup } from "../../src/site/lookup.ts";
import { parseSite, type Site } from "../../src/site/site.ts";

export const site: Site = siteOf();
export const view: SiteView = { site, lookup: siteLookup(site) };

export const raw = (bytes: Buffer, type: string | null = null, file = "mail.eml"): RawMessage => ({
  file,
  number: 1,
  bytes,
  cut: false,
  type,
});

export const reportsOf = (bytes: Buffer, type: string | null = null): readonly Report[] =>
  readMessage(raw(bytes, type), view).reports;

/** The only report of a message. */
export function reportOf(bytes: Buffer, type: string | null = null): Report {
  const reports = reportsOf(bytes, type);
  if (reports.length !== 1) throw new Error(`${reports.length} reports`);
  return reports[0]!;
}

function siteOf(): Site {
  const read = parseSite(
    `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24, "2001:db8:25::/48"]
mailers:
  - { name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25, "2001:db8:25::25"], ports: [25] }
`,
    "site.yaml",
  );
  if (!read.ok) throw new Error("the site of the tests is wrong");
  return read.site;
}
