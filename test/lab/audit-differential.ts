// `node test/lab/audit-differential.ts [COUNT] [FIRST]`: the auditor against the real Postfix, on configurations made up
// from seeds. Prints disagreements and, last, the agreement.
import { auditCase } from "./audit-cases.ts";
import { compare } from "./audit-compare.ts";
import { closeLab } from "./lab.ts";
import { recipes } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";

const count = Number(process.argv[2] ?? 10);
const first = Number(process.argv[3] ?? 1);
await ensureRoots(recipes);
const total = { configurations: 0, sessions: 0, agreed: 0, unknown: 0, witnesses: 0, disagreements: 0 };
const verdicts = new Map<string, number>();
const seeds = Array.from({ length: count }, (_, index) => first + index);
const worker = async (): Promise<void> => {
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    try {
      const compared = await compare(auditCase(seed));
      total.configurations += 1;
      total.sessions += compared.sessions;
      total.agreed += compared.agreed;
      total.unknown += compared.unknown;
      total.witnesses += compared.witnesses;
      total.disagreements += compared.disagreements.length;
      verdicts.set(compared.verdict, (verdicts.get(compared.verdict) ?? 0) + 1);
      for (const text of compared.disagreements) console.log(text);
    } catch (error) {
      total.disagreements += 1;
      console.log(`seed ${seed}: ${error instanceof Error ? error.message.slice(-1500) : String(error)}`);
    }
  }
};
await Promise.all([worker(), worker()]);
await closeLab();
console.log(
  `postfix: ${total.configurations} configurations (${[...verdicts].map(([verdict, n]) => `${n} ${verdict}`).join(", ")}), ${total.sessions} sessions of which ${total.witnesses} witnesses: ${total.agreed} agree, ${total.unknown} unknown, ${total.disagreements} disagree`,
);
process.exitCode = total.disagreements === 0 ? 0 : 1;
