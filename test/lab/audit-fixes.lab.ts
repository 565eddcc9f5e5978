// What an audit says of the lab's open mailers is tried on them: its witnesses get through on the running mailer, its
// fixes close it, and honest mail still comes in and goes out.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { auditTree, productNames } from "../../src/audit/examine.ts";
import { fixTree } from "../../src/audit/fix.ts";
import { type AuditDocument, type AuditResult, auditDocumentSchema } from "../../src/audit/result.ts";
import { resolver } from "./addresses.ts";
import { filesOfTree, requestOf, treeOfMailer } from "./audit-tree.ts";
import { available } from "./available.ts";
import { closeLab, inLab, type Lab } from "./lab.ts";
import { recipes } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { insiderSends, observe } from "./truth.ts";
import type { PortListener, Variant } from "./variant.ts";
import { products, variants } from "./variants.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const lab = await available();
const can = lab.ok ? undefined : lab.reason;

beforeAll(async () => {
  if (can === undefined) await ensureRoots(recipes);
});

afterAll(closeLab);

const audited = variants
  .filter(({ product, second }) => productNames.includes(product) && second === undefined)
  .map((variant) => ({ variant, result: auditTree("mx1", treeOfMailer(variant), requestOf(variant)) }))
  .filter(({ variant, result }) => variant.truth === "open" && result.verdict === "open");

/** Witnesses that the tester may not or cannot play, and why. */
const notReplayed: Readonly<Record<string, string>> = {
  "postfix-unanchored-domain":
    "the recipient's domain would have to end like the site's own, and is nobody's to test with",
  "courier-percent": "its recipient is at a host that the list names: no message may be sent to it",
  "exim-any-password": "it needs a login; check tries made-up ones by itself",
  "haraka-any-password": "it needs a login; check tries made-up ones by itself",
  "sendmail-ipv6-only": "it connects from an address of the wide network that is not the lab's",
  "courier-ipv6-only": "it connects from an address of the wide network that is not the lab's",
};

for (const { variant, result } of audited) {
  if (notReplayed[variant.name] === undefined)
    test.concurrent(`${variant.name}: a witness gets through`, { timeout: 400_000 }, async ({ expect, skip }) => {
      if (can !== undefined && process.env.CI !== "true") skip(can);
      expect(can).toBeUndefined();
      const { verdict, says } = await inLab(variant, async (running) => {
        const file = running.siteFile.replace(/\.yaml$/, ".audit.json");
        await writeFile(file, JSON.stringify(documentOf(result)));
        return await check(running, ["--witness", file]);
      });
      expect(verdict, says).toBe("open");
    });

  const { tree, fixed } = fixTree("mx1", treeOfMailer(variant), requestOf(variant));
  const files = filesOfTree(tree, variant);
  if (fixed.length === 0 || files === null) continue;
  test.concurrent(`${variant.name}: its fix closes it`, { timeout: 400_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    expect(auditTree("mx1", tree, requestOf(variant)).verdict).not.toBe("open");
    const { exploit: _exploit, expect: _expect, ...rest } = variant;
    await inLab({ ...rest, files, truth: "closed" }, async (running) => {
      const seen = await observe(running);
      expect([seen.seen, seen.faults]).toEqual(["closed", []]);
      for (const door of insideDoors(variant, result)) expect(await insiderSends(running, door)).toBe(null);
      const { verdict, says } = await check(running, variant.checkOptions ?? []);
      expect(verdict, says).not.toBe("open");
    });
  });
}

/** Where the site's own clients could send outside before anything was mended. */
function insideDoors({ listeners }: Variant, result: AuditResult): readonly PortListener[] {
  return listeners.filter(({ port, implicitTls, behindProxy }) => {
    if (implicitTls || behindProxy) return false;
    const own = result.listeners.filter((one) => one.port === port);
    return own.length > 0 && own.every(({ cells }) => cells["internal-to-external"] === "permit");
  });
}

const documentOf = (result: AuditResult): AuditDocument =>
  auditDocumentSchema.parse({
    schema: "fencepost/audit/1",
    verdict: result.verdict,
    results: [result],
    startedAt: "2026-11-24T00:00:00.000Z",
    finishedAt: "2026-11-24T00:00:00.000Z",
    ended: "finished",
  });

async function check(
  running: Lab,
  options: readonly string[],
): Promise<{ readonly verdict: string; readonly says: string }> {
  const wait = Math.ceil(products[running.variant.product].settleMs / 1000);
  const ran = await running.exec(
    "world",
    [
      ...[process.execPath, cli, "check", "--site", running.siteFile, "--resolver", resolver, "--json", "--no-store"],
      ...["--wait", String(wait), ...options],
    ],
    { timeoutMs: 150_000 },
  );
  const document = ran.stdout.startsWith("{") ? (JSON.parse(ran.stdout) as { verdict: string }) : null;
  return { verdict: document?.verdict ?? "none", says: `${ran.stderr}\n${ran.stdout.slice(0, 3000)}` };
}

test("there is something to try", ({ expect }) => {
  expect(audited.map(({ variant }) => variant.product)).toContain("postfix");
  expect(audited.filter(({ variant, result }) => insideDoors(variant, result).length > 0).length).toBeGreaterThan(5);
});
