// The auditor against the real mailers, on a few configurations made up from seeds: what is derived from the files is what
// they do. `npm run audit:differential` does the same for as many as one likes.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { compare } from "./audit-by-play.ts";
import { available } from "./available.ts";
import { closeLab } from "./lab.ts";
import { opensmtpdCase } from "./opensmtpd-configurations.ts";
import { postfixCase } from "./postfix-configurations.ts";
import { recipes } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { run } from "./run.ts";

const lab = await available();
const can = lab.ok ? undefined : lab.reason;

beforeAll(async () => {
  if (can === undefined) await ensureRoots(recipes);
});

afterAll(closeLab);

for (const [product, caseOf] of [
  ["postfix", postfixCase],
  ["opensmtpd", opensmtpdCase],
] as const)
  for (let seed = 1; seed <= 10; seed += 1)
    test.concurrent(`${product}, seed ${seed}`, { timeout: 200_000 }, async ({ expect, skip }) => {
      if (can !== undefined && process.env.CI !== "true") skip(can);
      expect(can).toBeUndefined();
      const compared = await compare(caseOf(seed));
      expect(compared.disagreements).toEqual([]);
      expect(compared.agreed).toBeGreaterThan(0);
    });

// These ask all sessions of a configuration in one go, and judge for themselves.
for (const product of ["exim", "sendmail", "haraka", "courier"])
  test(`${product}, a few seeds`, { timeout: 300_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    const script = fileURLToPath(new URL(`audit-${product}.ts`, import.meta.url));
    const { code, stdout, stderr } = await run([process.execPath, script, "4", "1"], { timeoutMs: 280_000 });
    expect([code, stdout.slice(-2000), stderr.slice(-2000)]).toEqual([0, expect.stringMatching(/agree/), ""]);
  });
