/**
 * The relay test of real mailers, beside nmap's: the same mailer, the same machine, the same run. Prints times and
 * ratios, and for every variant of the lab the verdicts of both beside the truth by delivery.
 *
 *     npm run bench:real            times on one Postfix and one Exim, closed and open
 *     npm run bench:real accuracy   every variant: verdict, truth, nmap's verdict
 */
import { fileURLToPath } from "node:url";
import { closeLab, inLab, type Lab } from "../test/lab/lab.ts";
import { variants } from "../test/lab/variants.ts";
import { AccuracyTable } from "./accuracy.ts";
import { nmap } from "./nmap.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

interface Ours {
  readonly verdict: string;
  readonly ms: number;
  readonly probes: number;
}

/** Runs the command line as a user does, from the stranger's place, and measures it from start to exit. */
async function ours(lab: Lab, target: string | null, profile: string): Promise<Ours> {
  const began = performance.now();
  const ran = await lab.exec(
    "world",
    [
      process.execPath,
      main,
      "check",
      ...(target === null ? [] : [target]),
      "--profile",
      profile,
      "--site",
      lab.siteFile,
      "--resolver",
      "198.51.100.53",
      "--no-store",
      "--json",
      ...(lab.variant.checkOptions ?? []),
    ],
    { timeoutMs: 900_000 },
  );
  const ms = performance.now() - began;
  const document = JSON.parse(ran.stdout) as { verdict: string; coverage: { answered: number } };
  return { verdict: document.verdict, ms, probes: document.coverage.answered };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2).padStart(7);

async function times(): Promise<void> {
  console.log("seconds, whole commands; ratio = nmap's time / ours");
  console.log("mailer                 test                        seconds   verdict        ratio");
  for (const name of ["postfix-closed", "postfix-local-sender", "exim-closed", "exim-local-sender"]) {
    const variant = variants.find((one) => one.name === name);
    if (variant === undefined) throw new Error(`no variant ${name}`);
    const address = variant.listeners.find(
      (listener) => listener.port === 25 && !listener.address.includes(":"),
    )!.address;
    await inLab(variant, async (lab) => {
      const theirs = await nmap(lab, address, 25);
      const row = (test: string, ms: number, verdict: string, ratio: string): void =>
        console.log(`${name.padEnd(22)} ${test.padEnd(26)} ${seconds(ms)}   ${verdict.padEnd(13)} ${ratio}`);
      row("nmap, 16 pairs, no proof", theirs.ms, theirs.verdict, "1.0");
      for (const profile of ["nmap16", "quick", "full"]) {
        const mine = await ours(lab, `${address}:25`, profile);
        row(`${profile}, proof, ${mine.probes} probes`, mine.ms, mine.verdict, (theirs.ms / mine.ms).toFixed(1));
      }
    });
  }
}

async function accuracy(): Promise<void> {
  const table = new AccuracyTable("nmap (IPv4 port 25)");
  for (const variant of variants) {
    const address = variant.listeners.find((listener) => !listener.address.includes(":"))?.address;
    await inLab(variant, async (lab) => {
      const mine = await ours(lab, null, "quick");
      const theirs = address === undefined ? "none" : (await nmap(lab, address, 25)).verdict;
      table.add(variant.name, variant.truth, mine.verdict, theirs);
    });
  }
  table.end();
}

try {
  await (process.argv[2] === "accuracy" ? accuracy() : times());
} finally {
  await closeLab();
}
