// The truth about a variant, found without Fencepost: a plain script plays sessions from the stranger's address, and
// a plain sink at another organisation shows what was relayed.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { inside, mailerA, mailerB, outsideSink } from "./addresses.ts";
import type { Lab } from "./lab.ts";
import { plain } from "./mailers/listeners.ts";
import type { Played } from "./play.ts";
import type { Caught } from "./sink.ts";
import type { Exploit, PortListener, Variant } from "./variant.ts";
import { products } from "./variants.ts";

export type Seen = {
  readonly seen: "open" | "closed";
  /** In words: how far sessions went, what arrived and by which way. */
  readonly evidence: string;
  /** What else about the variant is not as it should be. */
  readonly faults: readonly string[];
  /** The sessions whose message was accepted, or if none was, all. */
  readonly transcripts: readonly string[];
};

/** How long to wait for a message that must come. */
const ARRIVAL_MS = 90_000;

/** Plays the exploit of an open variant, or the usual forms against a closed one, and watches the sink. */
export async function observe(lab: Lab): Promise<Seen> {
  const { variant } = lab;
  const sessions = variant.exploit === undefined ? variant.listeners.flatMap(usualForms) : [variant.exploit];
  const played = await playAll(lab, sessions);
  const accepted = played.filter(({ reached }) => reached === "accepted");
  const tokens = new Set(played.map(({ token }) => token));
  const arrived = (): readonly Caught[] => lab.caught().filter((caught) => relayed(caught, tokens));
  if (accepted.length > 0) await waitFor(() => arrived().length > 0, patience(variant));
  const proofs = arrived();
  const way = [...new Set(proofs.map(({ peer }) => peer))].join(", ");
  return {
    seen: proofs.length > 0 ? "open" : "closed",
    evidence:
      proofs.length > 0
        ? `arrived from ${way}`
        : `${played.length} sessions, ${accepted.length} messages accepted, none arrived`,
    faults: [...exitFaults(variant, proofs), ...(await honestFaults(lab))],
    transcripts: (accepted.length > 0 ? accepted : played).map(({ transcript }) => transcript.join("\n")),
  };
}

/** A chain is only a chain if the message left by the second mailer. */
function exitFaults(variant: Variant, proofs: readonly Caught[]): readonly string[] {
  const wanted: readonly string[] = variant.second === undefined ? [mailerA.v4, mailerA.v6] : [mailerB.v4, mailerB.v6];
  return proofs.filter(({ peer }) => !wanted.includes(peer)).map(({ peer }) => `left by ${peer}`);
}

/** Honest mail must get in, bob's must go on, and an opening must be no wider than its row says. */
async function honestFaults(lab: Lab): Promise<readonly string[]> {
  const { variant } = lab;
  const door = variant.listeners.find(({ role, behindProxy }) => role === "mx" && !behindProxy);
  if (door === undefined) return ["no listener takes honest mail"];
  const ask: Exploit = { ...plain, address: door.address, port: door.port, message: "none" };
  const { message: _, ...deliver } = ask;
  const played = await playAll(lab, [
    { ...ask, rcptTo: "postmaster@ourcollege.ac.uk" },
    { ...deliver, rcptTo: "bob@ourcollege.ac.uk" },
    ask,
  ]);
  const [postmaster, bob, stranger] = played;
  const faults: string[] = [];
  if (postmaster?.reached !== "rcpt") faults.push(`postmaster is refused: ${postmaster?.transcript.at(-1)}`);
  if (bob?.reached !== "accepted") faults.push(`bob is refused: ${bob?.transcript.at(-1)}`);
  const narrow = variant.exploit !== undefined && variant.exploit !== plain;
  if (narrow && stranger?.reached === "rcpt") faults.push("open to a plain session as well");
  if (variant.truth === "closed") {
    const forwarded = (): boolean =>
      lab
        .caught()
        .some(
          ({ to, data }) =>
            to.some((path) => path.includes("bob@forwarded.example")) && data.includes(bob?.token ?? "?"),
        );
    await waitFor(forwarded, products[variant.product].settleMs * 4);
    if (!forwarded()) faults.push("bob's mail was not forwarded");
  }
  return faults;
}

type PlayedOne = Played & { readonly token: string };

/** Whether a client of the site's own may send outside at a listener, and why not. */
export async function insiderSends(lab: Lab, { address, port }: PortListener): Promise<string | null> {
  const source = address.includes(":") ? inside.v6 : inside.v4;
  const session: Exploit = {
    ...{ source, address, port, helo: "pc77.ourcollege.ac.uk", mailFrom: "alice@ourcollege.ac.uk" },
    rcptTo: `{token}@${outsideSink.domain}`,
  };
  const [played] = await playAll(lab, [session], "inside");
  if (played?.reached !== "accepted") return `an insider is refused: ${played?.transcript.at(-1)}`;
  const arrived = (): boolean => lab.caught().some((caught) => relayed(caught, new Set([played.token])));
  await waitFor(arrived, ARRIVAL_MS);
  return arrived() ? null : "an insider's mail did not arrive";
}

async function playAll(
  lab: Lab,
  sessions: readonly Exploit[],
  from: "world" | "inside" = "world",
): Promise<readonly PlayedOne[]> {
  const script = fileURLToPath(new URL("play.ts", import.meta.url));
  const asked = sessions.map((session) => ({ session, token: `tok${randomBytes(6).toString("hex")}` }));
  const ran = await lab.exec(from, [process.execPath, script, JSON.stringify(asked)], { timeoutMs: 180_000 });
  if (ran.code !== 0) throw new Error(`play.ts ended with ${ran.code}: ${ran.stderr}`);
  const lines = ran.stdout.split("\n").filter(Boolean);
  // Printed by play.ts from values of this type.
  return lines.map((line, n) => ({ ...(JSON.parse(line) as Played), token: asked[n]?.token ?? "" }));
}

/** Relayed is what came for a recipient that the stranger chose. A bounce or a forward has other recipients. */
function relayed(caught: Caught, tokens: ReadonlySet<string>): boolean {
  return caught.to.some((path) => [...tokens].some((token) => token !== "" && path.includes(token)));
}

function patience(variant: Variant): number {
  return variant.truth === "open" ? ARRIVAL_MS : products[variant.product].settleMs;
}

async function waitFor(done: () => boolean, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What strangers have always tried. Against a closed mailer none of it may get through. */
function usualForms({ address, port, implicitTls, behindProxy }: PortListener): readonly Exploit[] {
  const literal = address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
  const outside = outsideSink.domain;
  const base: Exploit = {
    address,
    port,
    ...(implicitTls ? { tls: "implicit" as const } : {}),
    ...(behindProxy ? { preface: "PROXY UNKNOWN" } : {}),
    helo: "host9.isp.example",
    mailFrom: "lab@sender.fencepost-tests.example",
    rcptTo: `{token}@${outside}`,
  };
  return [
    base,
    { ...base, mailFrom: "" },
    { ...base, mailFrom: "postmaster@ourcollege.ac.uk" },
    { ...base, mailFrom: `postmaster@${literal}` },
    { ...base, helo: "localhost" },
    { ...base, helo: mailerA.host, mailFrom: `postmaster@${mailerA.host}` },
    { ...base, rcptTo: `{token}%${outside}@ourcollege.ac.uk` },
    { ...base, rcptTo: `{token}%${outside}@${literal}` },
    { ...base, rcptTo: `"{token}@${outside}"@ourcollege.ac.uk` },
    { ...base, rcptTo: `"{token}@${outside}"` },
    { ...base, rcptTo: `@ourcollege.ac.uk:{token}@${outside}` },
    { ...base, rcptTo: `${outside}!{token}@ourcollege.ac.uk` },
    { ...base, rcptTo: `${outside}!{token}` },
    { ...base, rcptTo: `{token}@ourcollege.ac.uk.${outside}` },
    { ...base, rcptTo: "{token}@ourcollege.ac.uk" },
    { ...base, rcptBefore: "postmaster@ourcollege.ac.uk" },
  ];
}
