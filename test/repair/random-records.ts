/** Records at random, for what holds of every journey. Days are few, so that ties and orders of all kinds come up. */
import fc from "fast-check";
import type { Recorded } from "../../src/repair/recorded.ts";
import {
  address,
  asked,
  audited,
  checked,
  incident,
  listing,
  postfix,
  proved,
  records,
  said,
  swept,
  unreached,
  v4,
  v6,
  waived,
} from "./records.ts";

const on = fc.constantFrom("02", "05", "12", "19", "23", "24");

const few = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });

export const anyRecords: fc.Arbitrary<Recorded> = fc
  .record({
    assessments: fc.array(
      fc.oneof(
        fc
          .tuple(
            fc.constantFrom("open", "closed", "suspect", "unreachable", "inconclusive", "not-listening"),
            on,
            fc.constantFrom(v4, v6),
            fc.constantFrom("full", "quick"),
            fc.integer({ min: 1, max: 3 }),
          )
          .map(([verdict, at, subject, profile, catalogue]) => checked(verdict, at, { subject, profile, catalogue })),
        on.map(unreached),
        on.map((at) => checked("disputed", at, { tool: "dispute" })),
      ),
      { maxLength: 6 },
    ),
    audits: few(
      fc.tuple(fc.constantFrom("open", "closed", "conditional", "unknown"), on).map(([v, at]) => audited(v, at)),
    ),
    proofs: few(
      fc
        .tuple(fc.constantFrom("exact", "holes", "both", "unknown"), on, fc.constantFrom("a.txt", "b c.txt"))
        .map(([v, at, file]) => proved(v, at, file)),
    ),
    sweeps: few(fc.tuple(fc.constantFrom("as-declared", "unexpected", "unknown"), on).map(([v, at]) => swept(v, at))),
    listings: few(
      fc
        .tuple(fc.constantFrom("psbl", "zen"), on, fc.boolean())
        .map(([list, at, heeded]) => listing(list, at, { heeded })),
    ),
    asked: few(fc.tuple(fc.constantFrom("clean", "listed", "unknown"), on).map(([v, at]) => asked(v, at))),
    incidents: few(
      fc.tuple(fc.constantFrom("open-relay", "stolen-account", "bounce"), on).map(([c, at]) => incident(c, at)),
    ),
    statements: few(
      fc.oneof(
        fc.tuple(fc.constantFrom("queue-clean", "cause", "answered"), on).map(([kind, at]) => said(kind, at)),
        fc.constantFrom("contain", "block", "lists", "watch").map((step) => waived(step, "2026-12-24")),
      ),
    ),
    reportsRead: fc.constantFrom(null, "2026-11-20T00:00:00.000Z"),
    whereabouts: fc.constantFrom({ site: null, store: null }, { site: "a b/site.yaml", store: "it's.sqlite" }),
  })
  .chain((given) =>
    fc
      .record({
        product: fc.constantFrom(null, postfix),
        listeners: fc.constantFrom([v4], [v4, v6], []),
        sendsFrom: fc.constantFrom([], [address]),
      })
      .map((mailer) => records(given, mailer)),
  );
