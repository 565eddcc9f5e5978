// The lab's chains of two mailers, each closed by itself, audited together along `handsTo`: what is derived is what was
// seen by delivery.
import { expect, test } from "vitest";
import { type AuditRequest, audit, type NamedTree } from "../src/audit/audit.ts";
import { productNames } from "../src/audit/examine.ts";
import type { AuditResult } from "../src/audit/result.ts";
import { systemClock } from "../src/io/clock.ts";
import { elsewhere } from "../src/witness/strangers.ts";
import { siteOf, treeOfMailer } from "./lab/audit-tree.ts";
import type { Mailer, Variant } from "./lab/variant.ts";
import { variants } from "./lab/variants.ts";

const treeFor = (name: string, mailer: Mailer): NamedTree => ({
  name,
  tree: treeOfMailer(mailer),
  product: mailer.product,
  version: null,
});

async function auditOf(variant: Variant, more: readonly NamedTree[]): Promise<readonly AuditResult[]> {
  const request: AuditRequest = {
    site: siteOf(variant),
    configurations: [treeFor("mx1", variant), ...more],
    deployment: null,
    deadLists: [],
  };
  const results: AuditResult[] = [];
  for await (const event of audit(request, { clock: systemClock }, new AbortController().signal))
    if (event.kind === "step") results.push(event.step);
  return results;
}

const chains = variants.filter(({ second, product }) => second !== undefined && productNames.includes(product));

for (const variant of chains) {
  const second = variant.second!;
  test(`${variant.name} is ${variant.truth} with the mailer behind it`, async () => {
    const [front, behind] = await auditOf(variant, [treeFor("mx2", second)]);
    expect([front?.verdict, front?.because]).toEqual([variant.truth, expect.any(String)]);
    expect(behind?.verdict).toBe("closed");
    const found = front?.findings.filter(({ tag, data }) => tag === "AUDIT_CHAIN" && data.certainty === "open") ?? [];
    expect(found.length > 0).toBe(variant.truth === "open");
    for (const { data, witness, trace } of found) {
      expect(data.path).toEqual(["mx1", "mx2"]);
      expect(witness?.forwardPath).toContain(elsewhere);
      expect(trace.some(({ rule }) => rule.startsWith("mx2: "))).toBe(true);
    }
  });

  test(`${variant.name} is not told without it`, async () => {
    const [front] = await auditOf(variant, []);
    // This one takes mail for domains of others, whatever becomes of it behind.
    if (variant.name === "haraka-unanchored-chain") return expect(front?.verdict).toBe("open");
    expect(front?.verdict).toBe("unknown");
    expect(JSON.stringify(front)).toContain("mx2, which is not among those audited");
  });
}

test("there are chains to try", () => expect(chains.length).toBeGreaterThanOrEqual(3));
