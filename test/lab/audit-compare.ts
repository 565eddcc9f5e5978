// One configuration, audited and run: every session that the auditor decides, and every witness it names, is played
// against the real mailer.
import { fileURLToPath } from "node:url";
import { deriveListeners } from "../../src/audit/derive.ts";
import { decide } from "../../src/audit/evaluate.ts";
import { products } from "../../src/audit/products.ts";
import type { Session } from "../../src/audit/rules.ts";
import { treeOf } from "../../src/audit/tree.ts";
import { type IpAddress, parseIp } from "../../src/net/ip.ts";
import { mailerA, neighbour, stranger } from "./addresses.ts";
import { type AuditCase, packagedMaster } from "./audit-cases.ts";
import { startLab } from "./lab.ts";
import type { Played } from "./play.ts";
import type { Exploit } from "./variant.ts";

export type Compared = {
  readonly name: string;
  readonly sessions: number;
  readonly agreed: number;
  readonly unknown: number;
  readonly witnesses: number;
  readonly verdict: string;
  readonly disagreements: readonly string[];
};

/** Holes that a stranger of the lab can use: not those that need a certain address, name or certificate. */
const replayed: readonly string[] = [
  "sender",
  "helo",
  "recipient",
  "routing",
  "combination",
  "everyone",
  "copied-destination",
];

export async function compare({ variant, sessions }: AuditCase): Promise<Compared> {
  const product = products.find(({ name }) => name === variant.product);
  const tree = treeOf("/etc/postfix", { ...variant.files, "/etc/postfix/master.cf": packagedMaster });
  const configuration = product?.read(tree, "3.7") ?? null;
  if (configuration === null) throw new Error(`${variant.name}: not read`);
  const [derived] = deriveListeners(configuration, null);
  if (derived === undefined) throw new Error(`${variant.name}: no listener`);
  const { listener } = derived.search;
  const witnesses = derived.search.holes.flatMap(({ session, certainty, kind }): Exploit[] => {
    const literal = certainty === "open" && replayed.includes(kind);
    if (!literal || !plainPath(session.reversePath) || !plainPath(session.forwardPath)) return [];
    const v6 = session.client.address.family === 6;
    return [
      {
        source: v6 ? stranger.v6 : stranger.v4,
        address: v6 ? mailerA.v6 : mailerA.v4,
        port: 25,
        helo: session.helo,
        mailFrom: session.reversePath.slice(1, -1),
        rcptTo: session.forwardPath.slice(1, -1),
        message: "none",
      },
    ];
  });
  const all = [...sessions, ...witnesses];
  const refusesToRun = listener.stages[0]?.program.name === "smtpd start";
  let lab: Awaited<ReturnType<typeof startLab>>;
  try {
    lab = await startLab(variant).catch((error: unknown) => {
      // master(8) counts the lab's own children as its own now and then, and panics: that is not the configuration's doing.
      const panicked =
        error instanceof Error && error.message.includes("master_reap") && !error.message.includes("fatal:");
      if (!panicked) throw error;
      return startLab(variant);
    });
  } catch (error) {
    // smtpd does not run where nothing could refuse: the auditor must know.
    const fatal = error instanceof Error && error.message.includes("specify at least one working instance of");
    if (!fatal || !refusesToRun) throw error;
    return {
      name: variant.name,
      sessions: 1,
      agreed: 1,
      unknown: 0,
      witnesses: 0,
      verdict: "not running",
      disagreements: [],
    };
  }
  await using _lab = lab;
  const script = fileURLToPath(new URL("play.ts", import.meta.url));
  const asked = JSON.stringify(all.map((session) => ({ session, token: "probe" })));
  const ran = await lab.exec("world", [process.execPath, script, asked], { timeoutMs: 240_000 });
  if (ran.code !== 0) throw new Error(`play.ts ended with ${ran.code}: ${ran.stderr}`);
  const played = ran.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Played); // printed by play.ts from values of this type
  let agreed = 0;
  let unknown = 0;
  const disagreements: string[] = [];
  all.forEach((exploit, index) => {
    const seen = played[index];
    if (seen === undefined) return;
    const { outcome, trace } = decide(listener, sessionOf(exploit));
    const really = seen.reached === "rcpt" ? "permit" : "refuse";
    const derivedOutcome = outcome === "defer" ? "refuse" : outcome;
    if (derivedOutcome === "unknown") unknown += 1;
    else if (derivedOutcome === really) agreed += 1;
    else
      disagreements.push(
        `${variant.name}${index >= sessions.length ? " (witness)" : ""}: derived ${outcome}, really ${really}\n  ${exploit.source} HELO ${exploit.helo} MAIL <${exploit.mailFrom}> RCPT <${exploit.rcptTo}>\n  ${seen.transcript.at(-1)}\n  ${trace.map((entry) => `${entry.program}: ${entry.rule} → ${entry.result}`).join("\n  ")}`,
      );
  });
  return {
    name: variant.name,
    sessions: all.length,
    agreed,
    unknown,
    witnesses: witnesses.length,
    verdict: derived.result.verdict,
    disagreements,
  };
}

function sessionOf(exploit: Exploit): Session {
  return {
    client: {
      address: ip(exploit.source ?? stranger.v4),
      name: nameOf(exploit.source ?? stranger.v4),
      reverseName: nameOf(exploit.source ?? stranger.v4),
      authenticated: false,
      certificate: "none",
    },
    tls: "none",
    helo: exploit.helo,
    reversePath: `<${exploit.mailFrom}>`,
    forwardPath: `<${exploit.rcptTo}>`,
    previousRecipients: [],
    backupMx: false,
  };
}

/** As the lab's DNS has it, forward and reverse. */
function nameOf(address: string): string | null {
  if (address === stranger.v4 || address === stranger.v6) return "host9.isp.example";
  return address === neighbour.v4 || address === neighbour.v6 ? "host9.neighbour.example" : null;
}

function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

const plainPath = (path: string): boolean => /^<[^<>]*>$/.test(path);
