// `node test/lab/truth-all.ts [PRODUCT|VARIANT…]`: shows, by delivery, that each variant is what its row says.
// With --transcripts the sessions are printed too. Exit 1 if one differs.

import { WORLDS } from "./ground.ts";
import { closeLab, startLab } from "./lab.ts";
import { observe } from "./truth.ts";
import type { Variant } from "./variant.ts";
import { variants } from "./variants.ts";

const MOST_SHOWN = 10;

const words = process.argv.slice(2);
const transcripts = words.includes("--transcripts");
const asked = words.filter((word) => !word.startsWith("--"));
const chosen = variants.filter(
  ({ name, product }) => asked.length === 0 || asked.includes(name) || asked.includes(product),
);
const started = Date.now();
let wrong = 0;
const waiting = [...chosen];
const worker = async (): Promise<void> => {
  for (let variant = waiting.shift(); variant !== undefined; variant = waiting.shift()) await show(variant);
};
await Promise.all(Array.from({ length: WORLDS }, worker));
await closeLab();
process.stdout.write(
  `${chosen.length - wrong} of ${chosen.length} as described, ${Math.round((Date.now() - started) / 1000)} s\n`,
);
process.exitCode = wrong > 0 ? 1 : 0;

async function show(variant: Variant): Promise<void> {
  const from = Date.now();
  const seconds = (): string => `${((Date.now() - from) / 1000).toFixed(1)} s`;
  try {
    await using lab = await startLab(variant);
    const up = seconds();
    const seen = await observe(lab);
    const right = seen.seen === variant.truth && seen.faults.length === 0;
    if (!right) wrong += 1;
    process.stdout.write(
      `${right ? "ok   " : "WRONG"} ${variant.name.padEnd(32)} ${variant.truth.padEnd(6)} ${seen.seen.padEnd(6)} ` +
        `up ${up.padEnd(6)} all ${seconds().padEnd(7)} ${[seen.evidence, ...seen.faults].join("; ")}\n`,
    );
    if (transcripts || !right) process.stdout.write(`${seen.transcripts.slice(0, MOST_SHOWN).join("\n--\n")}\n`);
    if (!right) process.stdout.write(`${lab.log().slice(-8000)}\n`);
  } catch (error) {
    wrong += 1;
    process.stdout.write(`WRONG ${variant.name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
