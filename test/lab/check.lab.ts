// The tester against real mailers: for every variant its verdict must be the truth, or the weaker statement that the
// variant's row gives a reason for. The truth itself is shown by truth-all.ts, without the tester.
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { mailerB, resolver } from "./addresses.ts";
import { available } from "./available.ts";
import { closeLab, inLab, type Lab } from "./lab.ts";
import { recipes } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { expectedVerdict, type Variant } from "./variant.ts";
import { products, variants } from "./variants.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Of design §5's document, what is judged here. */
const report = z.object({
  schema: z.literal("fencepost/check/1"),
  verdict: z.string(),
  results: z.array(
    z.object({
      target: z.object({ host: z.string(), address: z.string(), port: z.number(), role: z.string() }),
      verdict: z.string(),
      probes: z.array(
        z.object({
          id: z.string(),
          outcome: z.string(),
          proof: z.object({ exit: z.string(), multihop: z.boolean() }).nullish(),
        }),
      ),
    }),
  ),
});
type Report = z.infer<typeof report>;

const exitCodes: Readonly<Record<string, number>> = { open: 1, closed: 0 };

const can = await whyNot();

// The first time, packages come over the network: that must not count as a variant's own time.
beforeAll(async () => {
  if (can === undefined) await ensureRoots(recipes);
});

afterAll(closeLab);

// The lab lends two worlds at a time, whatever number of tests may be waiting.
for (const variant of variants)
  test.concurrent(variant.name, { timeout: 400_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    await inLab(variant, async (lab) => {
      try {
        judge(variant, lab, await check(lab));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const message = `${variant.name} is ${variant.truth} (${variant.openTo}).\n${why}\n\n${lab.log().slice(-3000)}`;
        throw new Error(message, { cause: error });
      }
    });
  });

async function whyNot(): Promise<string | undefined> {
  const lab = await available();
  if (!lab.ok) return lab.reason;
  return access(cli).then(
    () => undefined,
    () => "there is no command line to run",
  );
}

async function check(lab: Lab): Promise<Report> {
  const { variant } = lab;
  const wait = Math.ceil(products[variant.product].settleMs / 1000);
  const ran = await lab.exec(
    "world",
    [
      ...[process.execPath, cli, "check", "--site", lab.siteFile, "--resolver", resolver, "--json", "--no-store"],
      ...["--wait", String(wait)],
      ...(variant.checkOptions ?? []),
    ],
    { timeoutMs: 150_000 },
  );
  expect(ran.stdout, ran.stderr).toMatch(/^\{/);
  const parsed = report.parse(JSON.parse(ran.stdout));
  expect(parsed.verdict, summary(parsed)).toBe(expectedVerdict(variant));
  expect(ran.code, ran.stderr).toBe(exitCodes[parsed.verdict] ?? 2);
  return parsed;
}

function judge(variant: Variant, lab: Lab, { results }: Report): void {
  const tested = results.map(({ target }) => `${target.address} ${target.port}`);
  const listeners = [...variant.listeners, ...(variant.second?.listeners ?? [])];
  expect(tested.toSorted()).toEqual(listeners.map(({ address, port }) => `${address} ${port}`).toSorted());

  const relayed = results.flatMap(({ probes }) => probes).filter(({ outcome }) => outcome === "relayed");
  if (variant.exploit === undefined) {
    expect(relayed).toEqual([]);
  } else {
    const { address, port } = variant.exploit;
    const door = results.find(({ target }) => target.address === address && target.port === port);
    const proofs = (door?.probes ?? []).filter(({ outcome, proof }) => outcome === "relayed" && proof);
    expect(door?.verdict).toBe("open");
    expect(proofs).not.toEqual([]);
    for (const { proof } of variant.second === undefined ? [] : proofs) {
      expect(proof?.multihop).toBe(true);
      expect([mailerB.v4, mailerB.v6]).toContain(proof?.exit);
    }
  }
  // Harmless: the other organisation's mailer saw nothing of all this.
  expect(lab.caught()).toEqual([]);
}

/** One line per listener and per probe that was not simply refused. */
function summary({ results }: Report): string {
  return results
    .flatMap(({ target, verdict, probes }) => [
      `${target.address} port ${target.port}: ${verdict}`,
      ...probes.filter(({ outcome }) => outcome !== "refused").map(({ id, outcome }) => `  ${id}: ${outcome}`),
    ])
    .join("\n");
}
