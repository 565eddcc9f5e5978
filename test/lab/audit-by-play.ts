// Configurations of one product, audited and run: every session that the auditor decides, and every witness it names, is
// played against the real mailer; a verdict must agree with what strangers could do.
import { fileURLToPath } from "node:url";
import { deriveListeners } from "../../src/audit/derive.ts";
import { type Decision, decide } from "../../src/audit/evaluate.ts";
import { auditTree } from "../../src/audit/examine.ts";
import { groundsOf } from "../../src/audit/grounds.ts";
import type { Hole } from "../../src/audit/hole.ts";
import type { Product } from "../../src/audit/product.ts";
import { products } from "../../src/audit/products.ts";
import type { Configuration, Listener, Session } from "../../src/audit/rules.ts";
import { treeOf } from "../../src/audit/tree.ts";
import { formatIp, type IpAddress, parseIp } from "../../src/net/ip.ts";
import type { RelayRule } from "../../src/relaying/relaying.ts";
import type { Site } from "../../src/site/model.ts";
import { parseSite } from "../../src/site/site.ts";
import { readForwardPath, readReversePath } from "../../src/smtp/path.ts";
import { inside, mailerA, neighbour, stranger } from "./addresses.ts";
import { closeLab, type Lab, startLab } from "./lab.ts";
import type { Played } from "./play.ts";
import { siteYaml } from "./site-file.ts";
import type { Exploit, Variant } from "./variant.ts";

export type PlayedCase = {
  readonly variant: Variant;
  readonly sessions: readonly Exploit[];
  /** Files of the machine that are not the variant's own. */
  readonly machine: Readonly<Record<string, string>>;
  readonly root: string;
  /** Whether a handshake succeeds in the lab. */
  readonly speaksTls: boolean;
  readonly version?: string;
  /** Starts it in a way of its own; `null`: it does not run, as was derived. */
  readonly start?: (variant: Variant, configuration: Configuration) => Promise<Lab | null>;
};

type Compared = {
  readonly sessions: number;
  readonly agreed: number;
  readonly unknown: number;
  readonly witnesses: number;
  readonly verdict: string;
  readonly disagreements: readonly string[];
};

/** Compares all cases, two mailers at a time, prints what differs and a line at the end; sets the exit code. */
export async function differential(product: string, cases: readonly PlayedCase[]): Promise<void> {
  const total = { configurations: 0, sessions: 0, agreed: 0, unknown: 0, witnesses: 0, disagreements: 0 };
  const verdicts = new Map<string, number>();
  const waiting = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      try {
        const compared = await compare(one);
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
        console.log(`${one.variant.name}: ${error instanceof Error ? error.message.slice(-1500) : String(error)}`);
      }
    }
  };
  await Promise.all([worker(), worker()]);
  await closeLab();
  console.log(
    `${product}: ${total.configurations} configurations (${[...verdicts].map(([verdict, n]) => `${n} ${verdict}`).join(", ")}), ${total.sessions} sessions of which ${total.witnesses} witnesses: ${total.agreed} agree, ${total.unknown} unknown, ${total.disagreements} disagree`,
  );
  process.exitCode = total.disagreements === 0 ? 0 : 1;
}

/** One configuration, audited and run. */
export async function compare({
  variant,
  sessions,
  machine,
  root,
  speaksTls,
  version,
  start,
}: PlayedCase): Promise<Compared> {
  const product = products.find(({ name }) => name === variant.product);
  const tree = treeOf(root, { ...machine, ...variant.files });
  const configuration = product?.read(tree, version ?? null) ?? null;
  if (product === undefined || configuration === null) throw new Error("not read");
  const site = siteOf(variant);
  const { verdict } = auditTree(variant.name, tree, {
    site,
    product: product.name,
    version: version ?? null,
    deployment: null,
    follow: null,
    deadLists: [],
  });
  const holes = deriveListeners(configuration, site).flatMap(({ search }) => search.holes);
  const witnesses = holes.flatMap((hole) => exploitOf(hole, variant) ?? []).filter(({ tls }) => speaksTls || !tls);
  const all = [...sessions, ...witnesses];
  const lab = await (start ?? startLab)(variant, configuration);
  if (lab === null)
    return { sessions: 1, agreed: 1, unknown: 0, witnesses: 0, verdict: "not running", disagreements: [] };
  await using _lab = lab;
  const played = new Map<Exploit, Played>();
  for (const namespace of ["world", "inside"] as const) {
    const own = all.filter(({ source }) => isInside(source) === (namespace === "inside"));
    const script = fileURLToPath(new URL("play.ts", import.meta.url));
    const asked = JSON.stringify(own.map((session) => ({ session, token: "probe" })));
    const ran = await lab.exec(namespace, [process.execPath, script, asked], { timeoutMs: 240_000 });
    if (ran.code !== 0) throw new Error(`play.ts ended with ${ran.code}: ${ran.stderr}`);
    // Printed by play.ts from values of this type, one for each session in order.
    const lines = ran.stdout.split("\n").filter(Boolean);
    for (const [index, line] of lines.entries()) played.set(own[index] as Exploit, JSON.parse(line) as Played);
  }
  return judged({ variant, sessions, configuration, product, site, verdict, all, played });
}

type Run = {
  readonly variant: Variant;
  readonly sessions: readonly Exploit[];
  readonly configuration: Configuration;
  readonly product: Product;
  readonly site: Site;
  readonly verdict: string;
  readonly all: readonly Exploit[];
  readonly played: ReadonlyMap<Exploit, Played>;
};

function judged({ variant, sessions, configuration, site, verdict, all, played }: Run): Compared {
  let compared = 0;
  let agreed = 0;
  let unknown = 0;
  let strangersThrough = 0;
  /** Witnesses that the lab's stranger can play: where rules name him, he is not any stranger. */
  let promised = 0;
  const disagreements: string[] = [];
  const { rule } = groundsOf(configuration, site);
  for (const [index, exploit] of all.entries()) {
    const seen = played.get(exploit);
    const listener = listenerFor(configuration, exploit);
    if (seen === undefined || listener === undefined) throw new Error(`no listener for port ${exploit.port}`);
    // The auditor decides about a recipient that follows an accepted one.
    if (seen.transcript.findLast((line) => line.startsWith("C:")) === `C: RCPT TO:<${exploit.rcptBefore}>`) continue;
    compared += 1;
    const session = sessionOf(exploit);
    const decision = decide(listener, session);
    const really = seen.reached === "rcpt" ? "permit" : "refuse";
    const derived = decision.outcome === "defer" ? "refuse" : decision.outcome;
    const text = `${variant.name}${index >= sessions.length ? " (witness)" : ""}: ${described(exploit)}\n  ${seen.transcript.at(-1)}`;
    if (derived === "permit" && index >= sessions.length) promised += 1;
    if (derived === "unknown") unknown += 1;
    else if (derived === really) agreed += 1;
    else disagreements.push(`${text}\n  derived ${derived}, really ${really}\n  ${traceOf(decision)}`);
    const forbidden = !isInside(exploit.source) && exploit.auth === undefined && leadsOut(rule, session, decision);
    if (really === "permit" && forbidden) {
      strangersThrough += 1;
      // Of clients that the rules name by address or name the search asks less: whether they may do so plainly.
      const { outcome } = decide(listener, { ...session, client: unnamed(session.client) });
      if (verdict === "closed" && outcome === "permit")
        disagreements.push(`${text}\n  the verdict is closed, and this was accepted`);
    }
  }
  if (verdict === "open" && strangersThrough === 0 && promised > 0)
    disagreements.push(`${variant.name}: the verdict is open, and no session of a stranger was accepted`);
  return { sessions: compared, agreed, unknown, witnesses: all.length - sessions.length, verdict, disagreements };
}

/** Whether the rule forbids what the session asks for, if a stranger asks, and the mail does not stay here. */
export function leadsOut(rule: RelayRule, session: Session, { recipient }: Decision): boolean {
  if (recipient.kind !== "address" || recipient.end === "local") return false;
  const refused = (path: string): boolean =>
    rule({
      client: { address: session.client.address, authenticated: "no", managed: false },
      reversePath: readReversePath(session.reversePath),
      forwardPath: readForwardPath(path),
      recipient: "unknown",
    }).action === "refuse";
  // As the mailer reads the recipient, too: a source route that it drops leads nowhere.
  return refused(session.forwardPath) && refused(`<${recipient.localPart}@${recipient.domain}>`);
}

export function siteOf(variant: Variant): Site {
  const site = parseSite(siteYaml(variant), "site.yaml");
  if (!site.ok) throw new Error("the lab's site file cannot be read");
  return site.site;
}

const isInside = (source: string | undefined): boolean => source === inside.v4 || source === inside.v6;

/** By port, and by address where one port has several doors. */
function listenerFor({ listeners }: Configuration, { address, port }: Exploit): Listener | undefined {
  const own = listeners.filter((one) => one.port === port);
  const exact = own.find((one) => one.address !== null && formatIp(one.address) === address);
  const family = address.includes(":") ? "::" : "0.0.0.0";
  return exact ?? own.find(({ name }) => name.startsWith(family)) ?? own.find((one) => one.address === null);
}

/** A certain hole as a session of the lab's stranger; `null`: it needs an address or a name that he has not. */
function exploitOf({ certainty, session, clients, kind, listener }: Hole, variant: Variant): Exploit | null {
  if (certainty !== "open" || ["client-name", "certificate", "impersonation"].includes(kind)) return null;
  const v6 = session.client.address.family === 6;
  const source = v6 ? stranger.v6 : stranger.v4;
  const plain = /^<[^<>]*>$/;
  if (!clients.has(ip(source)) || !plain.test(session.reversePath) || !plain.test(session.forwardPath)) return null;
  const address = v6 ? mailerA.v6 : mailerA.v4;
  if (!variant.listeners.some((one) => one.port === listener.port && one.address === address)) return null;
  return {
    source,
    address,
    port: listener.port,
    ...(listener.tls === "required" ? { tls: "starttls" } : listener.tls === "implicit" ? { tls: "implicit" } : {}),
    helo: session.helo,
    mailFrom: session.reversePath.slice(1, -1),
    rcptTo: session.forwardPath.slice(1, -1),
    ...(session.previousRecipients[0] === undefined ? {} : { rcptBefore: session.previousRecipients[0].slice(1, -1) }),
    message: "none",
  };
}

function sessionOf(exploit: Exploit): Session {
  const source = exploit.source ?? stranger.v4;
  return {
    client: {
      address: ip(source),
      name: nameOf(source),
      reverseName: nameOf(source),
      authenticated: exploit.auth !== undefined,
      certificate: "none",
    },
    tls: exploit.tls ?? "none",
    helo: exploit.helo,
    reversePath: `<${exploit.mailFrom}>`,
    forwardPath: `<${exploit.rcptTo}>`,
    previousRecipients: exploit.rcptBefore === undefined ? [] : [`<${exploit.rcptBefore}>`],
    backupMx: false,
  };
}

/** As the lab's DNS has it, forward and reverse. */
export function nameOf(address: string): string | null {
  if (address === stranger.v4 || address === stranger.v6) return "host9.isp.example";
  if (isInside(address)) return "pc77.ourcollege.ac.uk";
  return address === neighbour.v4 || address === neighbour.v6 ? "host9.neighbour.example" : null;
}

function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

function described({ source, port, helo, mailFrom, rcptTo, rcptBefore, tls, auth }: Exploit): string {
  const more = `${tls ?? ""}${auth === undefined ? "" : " authenticated"}${rcptBefore === undefined ? "" : ` after <${rcptBefore}>`}`;
  return `${source} port ${port} HELO ${helo} MAIL <${mailFrom}> RCPT <${rcptTo}> ${more}`;
}

/** Somebody of whom no configuration here speaks. */
export function unnamed(client: Session["client"]): Session["client"] {
  const address = ip(client.address.family === 4 ? "198.51.100.7" : "2001:db8:1234:5678::7");
  return { ...client, address, name: null, reverseName: null };
}

const traceOf = ({ trace }: Decision): string =>
  trace.map((entry) => `${entry.program}: ${entry.rule} → ${entry.result}`).join("\n  ");

/** mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The lab's clients, strangers first. */
export const clients = [
  { source: stranger.v4, address: mailerA.v4 },
  { source: stranger.v4, address: mailerA.v4 },
  { source: stranger.v6, address: mailerA.v6 },
  { source: neighbour.v4, address: mailerA.v4 },
  { source: neighbour.v6, address: mailerA.v6 },
  { source: inside.v4, address: mailerA.v4 },
  { source: inside.v6, address: mailerA.v6 },
] as const;
