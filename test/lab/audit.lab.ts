// The auditor against the real Postfix, on ten configurations made up from seeds: what is derived from the files is what
// the mailer does. `node test/lab/audit-differential.ts COUNT` does the same for as many as one likes.
import { afterAll, beforeAll, test } from "vitest";
import { auditCase } from "./audit-cases.ts";
import { compare } from "./audit-compare.ts";
import { available } from "./available.ts";
import { closeLab } from "./lab.ts";
import { recipes } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";

const lab = await available();
const can = lab.ok ? undefined : lab.reason;

beforeAll(async () => {
  if (can === undefined) await ensureRoots(recipes);
});

afterAll(closeLab);

for (let seed = 1; seed <= 10; seed += 1)
  test.concurrent(`postfix, seed ${seed}`, { timeout: 200_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    const compared = await compare(auditCase(seed));
    expect(compared.disagreements).toEqual([]);
    expect(compared.agreed).toBeGreaterThan(0);
  });
