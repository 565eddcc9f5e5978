// `node test/lab/audit-sendmail.ts [CONFIGURATIONS [SEED [NUMBER]]]`: compares what the audit says of made-up
// configurations with what the running Sendmail answers at RCPT, once read from sendmail.mc and once from the
// sendmail.cf that m4 makes of it. With a NUMBER only that configuration is made, and shown. Exit 1 if one differs.
import { fileURLToPath } from "node:url";
import { deriveListeners } from "../../src/audit/derive.ts";
import { decide } from "../../src/audit/evaluate.ts";
import type { Hole } from "../../src/audit/hole.ts";
import { readSendmail } from "../../src/audit/products/sendmail/sendmail.ts";
import type { Configuration, Listener, Session } from "../../src/audit/rules.ts";
import { treeOf } from "../../src/audit/tree.ts";
import { formatIp, type IpAddress, parseIp } from "../../src/net/ip.ts";
import { strangersReversePath } from "../../src/witness/strangers.ts";
import { catcher, mailerA, neighbour, outsideSink, stranger } from "./addresses.ts";
import { generatedCfs } from "./audit-sendmail-cf.ts";
import { seeded } from "./exim-configurations.ts";
import { closeLab, startLab } from "./lab.ts";
import type { Played } from "./play.ts";
import { type GeneratedSendmail, generateSendmail } from "./sendmail-configurations.ts";
import type { Exploit } from "./variant.ts";

const [count = 60, seed = 1, only] = process.argv.slice(2).map(Number);
const numbers = Array.from({ length: count }, (_, index) => index).filter((one) => only === undefined || one === only);
const made = numbers.map((number) => generateSendmail(seeded(seed * 10_000 + number), number));
const cfs = await generatedCfs(made.map(({ mc }) => mc));

interface Reading {
  readonly from: "cf" | "mc";
  readonly configuration: Configuration;
  readonly verdict: Readonly<Record<4 | 6, string>>;
}

/** As the lab's DNS has them, forward and reverse. */
const names: Readonly<Record<string, string>> = {
  [stranger.v4]: "host9.isp.example",
  [stranger.v6]: "host9.isp.example",
  [neighbour.v4]: "host9.neighbour.example",
  [neighbour.v6]: "host9.neighbour.example",
  [catcher.v4]: `mx.${catcher.domain}`,
  [outsideSink.v4]: "mx.elsewhere.example",
  [outsideSink.v6]: "mx.elsewhere.example",
};

/** Holes that a stranger of the lab can use. */
const replayed: ReadonlySet<Hole["kind"]> = new Set([
  ...(["everyone", "sender", "helo", "recipient", "routing", "combination", "copied-destination"] as const),
]);

const totals = {
  cf: { agree: 0, unknown: 0, differ: 0 },
  mc: { agree: 0, unknown: 0, differ: 0 },
  sessions: 0,
  accepted: 0,
  witnesses: 0,
};
const verdicts = new Map<string, number>();
const queue = [...made.entries()];
const worker = async (): Promise<void> => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await compare(next[1], cfs[next[0]] ?? "");
};
await Promise.all([worker(), worker()]);
await closeLab();
for (const from of ["cf", "mc"] as const) {
  const { agree, unknown, differ } = totals[from];
  process.stdout.write(
    `sendmail (${from}): ${made.length} configurations, ${totals.sessions} sessions, ${totals.accepted} of them accepted ` +
      `(${totals.witnesses} witnesses): ${agree} agree, ${unknown} unknown, ${differ} differ\n`,
  );
}
process.stdout.write(`verdicts: ${[...verdicts].map(([verdict, times]) => `${times} ${verdict}`).join(", ")}\n`);
process.exitCode = totals.cf.differ + totals.mc.differ > 0 ? 1 : 0;

async function compare({ variant, mc, sessions }: GeneratedSendmail, cf: string): Promise<void> {
  const { "/etc/mail/sendmail.mc": _runs, ...tables } = variant.files;
  const machine = {
    "/etc/hostname": `${mailerA.host}\n`,
    "/etc/hosts": `127.0.0.1 localhost\n${mailerA.v4} ${mailerA.host}\n`,
  };
  const readings = [
    readingOf("cf", { ...tables, ...machine, "/etc/mail/sendmail.cf": cf }),
    readingOf("mc", { ...tables, ...machine, "/etc/mail/sendmail.mc": mc }),
  ];
  const witnesses = readings.flatMap(({ configuration }) => witnessesOf(configuration));
  const all = [...sessions, ...witnesses];
  for (const { verdict } of readings.slice(0, 1))
    for (const one of Object.values(verdict)) verdicts.set(one, (verdicts.get(one) ?? 0) + 1);
  let played: readonly Played[];
  try {
    await using lab = await startLab(variant);
    const script = fileURLToPath(new URL("play.ts", import.meta.url));
    const asked = JSON.stringify(all.map((session) => ({ session, token: "probe" })));
    const ran = await lab.exec("world", [process.execPath, script, asked], { timeoutMs: 240_000 });
    if (ran.code !== 0) throw new Error(`play.ts ended with ${ran.code}: ${ran.stderr}`);
    played = ran.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Played); // printed by play.ts
  } catch (error) {
    totals.cf.differ += 1;
    process.stdout.write(
      `DIFFERS ${variant.name} did not run: ${error instanceof Error ? error.message.slice(-1500) : ""}\n`,
    );
    return;
  }
  totals.sessions += all.length;
  totals.witnesses += witnesses.length;
  for (const [index, exploit] of all.entries()) {
    const really = played[index]?.reached === "rcpt" ? "permit" : "refuse";
    if (really === "permit") totals.accepted += 1;
    const session = sessionOf(exploit);
    for (const reading of readings)
      judge(reading, exploit, session, really, played[index], variant.name, index >= sessions.length);
  }
  if (only !== undefined) {
    process.stdout.write(`${mc}\n`);
    for (const [path, text] of Object.entries(tables)) process.stdout.write(`== ${path}\n${text}`);
  }
}

function judge(
  { from, configuration, verdict }: Reading,
  exploit: Exploit,
  session: Session,
  really: "permit" | "refuse",
  seen: Played | undefined,
  name: string,
  isWitness: boolean,
): void {
  const listener = listenerFor(configuration, exploit);
  if (listener === undefined) throw new Error(`${name}: no listener for ${exploit.address}`);
  const { outcome, trace, recipient } = decide(listener, session);
  const ended = outcome === "defer" ? "refuse" : outcome;
  const discarded = trace.some(({ rule }) => rule === "discard");
  // Whether a user exists is asked first, and is no part of the right to write to him.
  const nobody = /^S: 550 5\.1\.1 .*(?:User unknown|no such user)/.test(seen?.transcript.at(-1) ?? "");
  const local = recipient.kind === "address" && recipient.end === "local";
  // Who has no name in DNS can get one: the audit does not count on his refusal for that.
  const nameless = session.client.name === null && / Fix reverse DNS /.test(seen?.transcript.at(-1) ?? "");
  const agrees = ended === really || (discarded && really === "permit") || (nobody && local) || nameless;
  const outside = recipient.kind === "address" && recipient.end === "outside";
  const isStranger = exploit.source === stranger.v4 || exploit.source === stranger.v6;
  const broken =
    really === "permit" && !discarded && outside && isStranger && verdict[session.client.address.family] === "closed";
  if (ended === "unknown") totals[from].unknown += 1;
  else if (agrees && !broken) totals[from].agree += 1;
  else {
    totals[from].differ += 1;
    process.stdout.write(
      `DIFFERS ${name} (${from}${isWitness ? ", witness" : ""}): the audit says ${outcome}${broken ? " and closed" : ""}, Sendmail ${really}\n` +
        `  ${formatIp(session.client.address)} HELO ${exploit.helo} MAIL <${exploit.mailFrom}> RCPT <${exploit.rcptTo}>\n` +
        `  ${seen?.transcript.at(-1) ?? ""}\n  ${trace.map((entry) => `${entry.program}: ${entry.rule} → ${entry.result}`).join("\n  ")}\n`,
    );
  }
}

function readingOf(from: Reading["from"], files: Readonly<Record<string, string>>): Reading {
  const configuration = readSendmail(treeOf("/etc/mail", files), null);
  if (configuration === null) throw new Error(`not read as ${from}`);
  const derived = deriveListeners(configuration, null);
  const verdictOf = (port: Listener | undefined): string =>
    derived.find(({ search }) => search.listener === port)?.result.verdict ?? "none";
  const [four, six] = [false, true].map((isSix) =>
    configuration.listeners.find(({ address }) => (address?.family === 6) === isSix),
  );
  return { from, configuration, verdict: { 4: verdictOf(four), 6: verdictOf(six) } };
}

function listenerFor({ listeners }: Configuration, { address }: Exploit): Listener | undefined {
  return listeners.find((one) => (one.address?.family === 6) === (address === mailerA.v6));
}

/** Sessions that the audit found, as far as the lab can play them: not those from addresses or names of its own choice. */
function witnessesOf(configuration: Configuration): readonly Exploit[] {
  const holes = deriveListeners(configuration, null).flatMap(({ search }) => search.holes);
  return holes.flatMap((hole): readonly Exploit[] => {
    const { session, certainty } = hole;
    if (certainty !== "open" || !replayed.has(hole.kind)) return [];
    const v6 = hole.listener.address?.family === 6;
    if ((session.client.address.family === 6) !== v6) return [];
    // The lab's DNS does not know every sender that the audit makes up.
    const sender =
      session.reversePath === strangersReversePath ? "<lab@sender.fencepost-tests.example>" : session.reversePath;
    return [
      {
        source: v6 ? stranger.v6 : stranger.v4,
        address: v6 ? mailerA.v6 : mailerA.v4,
        port: 25,
        helo: session.helo,
        mailFrom: sender.slice(1, -1),
        rcptTo: session.forwardPath.slice(1, -1),
        message: "none",
      },
    ];
  });
}

function sessionOf(exploit: Exploit): Session {
  const source = exploit.source ?? stranger.v4;
  const name = names[source] ?? null;
  return {
    client: { address: ip(source), name, reverseName: name, authenticated: false, certificate: "none" },
    tls: "none",
    helo: exploit.helo,
    reversePath: `<${exploit.mailFrom}>`,
    forwardPath: `<${exploit.rcptTo}>`,
    previousRecipients: [],
    backupMx: exploit.rcptTo.endsWith(`@${outsideSink.backupDomain}`),
  };
}

function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}
