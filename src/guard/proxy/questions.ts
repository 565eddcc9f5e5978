/**
 * What the guard asks the upstream about itself, as any client might: does it relay for the guard's own address, does it
 * believe logins that nobody has, can it be reached around the guard? No message is ever sent, and names are made up.
 */
import { Dialogue, type Heard } from "../../dialogue/client.ts";
import { type Clock, DialError, type Dialer, type Endpoint, type Random } from "../../ports.ts";
import { type Extensions, parseExtensions } from "../../smtp/ehlo.ts";
import { writeProxyHeader } from "../../smtp/proxy-header.ts";
import { isPositive, type Reply } from "../../smtp/reply.ts";
import { latin1 } from "../../text/lines.ts";
import type { Identity } from "./upstream.ts";

/** The mailer behind, and whether it expects a PROXY header. */
export interface Asked {
  readonly upstream: Endpoint;
  readonly send: Identity;
  readonly hostName: string;
}

export interface QuestionPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
}

/** `unknown`: it could not be asked, or its answer is about something else. */
export type Told = "yes" | "no" | "unknown";

export interface UpstreamAnswers {
  /** It takes a stranger's mail to a stranger from the guard's own address. */
  readonly relaysForGuard: Told;
  readonly offersXclient: Told;
  /** It takes a made-up name with a made-up password. */
  readonly believesLogins: Told;
}

const dialMs = 5000;
const replyMs = 20_000;

const unknown: UpstreamAnswers = { relaysForGuard: "unknown", offersXclient: "unknown", believesLogins: "unknown" };

/** Asks once. Throws only the signal's reason. */
export async function askUpstream(asked: Asked, ports: QuestionPorts, signal: AbortSignal): Promise<UpstreamAnswers> {
  const relays = await withUpstream(asked, ports, signal, async (say, extensions) => ({
    relaysForGuard: await relaysFor(say),
    offersXclient: extensions.has("XCLIENT") ? ("yes" as const) : ("no" as const),
  }));
  if (relays === null) return unknown;
  const believes = await withUpstream(asked, ports, signal, (say, extensions) =>
    believesLogin(say, extensions, ports.random),
  );
  return { ...relays, believesLogins: believes ?? "unknown" };
}

/** Whether something greets as a mail server there. */
export async function greets(to: Endpoint, { dialer, clock }: QuestionPorts, signal: AbortSignal): Promise<boolean> {
  try {
    await using dialogue = new Dialogue(await dialer.connect(to, { timeoutMs: dialMs }, signal), clock, signal);
    const heard = await dialogue.hear(dialMs);
    return heard.kind === "reply" && heard.reply.code === 220;
  } catch (error) {
    if (error instanceof DialError) return false;
    throw error;
  }
}

type Say = (line: string) => Promise<Reply | null>;

async function withUpstream<T>(
  { upstream, send, hostName }: Asked,
  { dialer, clock }: QuestionPorts,
  signal: AbortSignal,
  ask: (say: Say, extensions: Extensions) => Promise<T>,
): Promise<T | null> {
  try {
    const connection = await dialer.connect(upstream, { timeoutMs: dialMs }, signal);
    await using dialogue = new Dialogue(connection, clock, signal);
    // The guard asks for itself.
    if (send === "proxy1" || send === "proxy2")
      await dialogue.say(latin1(writeProxyHeader(send === "proxy1" ? 1 : 2, connection.local, upstream)));
    const replyIn = (heard: Heard): Reply | null => (heard.kind === "reply" ? heard.reply : null);
    const say: Say = async (line) => replyIn(await dialogue.command(line, replyMs));
    const greeting = replyIn(await dialogue.hear(replyMs));
    let offered = greeting?.code === 220 ? await say(`EHLO ${hostName}`) : null;
    if (offered?.code !== 250) return null;
    if (parseExtensions(offered).has("STARTTLS") && (await say("STARTTLS"))?.code === 220) {
      // The same connection that clients get: some take logins only here.
      if ("loss" in (await dialogue.startTls({}, replyMs))) return null;
      offered = await say(`EHLO ${hostName}`);
      if (offered?.code !== 250) return null;
    }
    return await ask(say, parseExtensions(offered));
  } catch (error) {
    if (error instanceof DialError) return null;
    throw error;
  }
}

async function relaysFor(say: Say): Promise<Told> {
  // Names that nobody can have (RFC 2606, RFC 6761).
  const sender = await say("MAIL FROM:<guard@outside.example>");
  if (sender === null || !isPositive(sender)) return "unknown";
  const recipient = await say("RCPT TO:<guard@elsewhere.example>");
  await say("RSET");
  if (recipient === null) return "unknown";
  if (isPositive(recipient)) return "yes";
  return recipient.code >= 500 || recipient.enhanced === "4.7.1" ? "no" : "unknown";
}

async function believesLogin(say: Say, extensions: Extensions, random: Random): Promise<Told> {
  const mechanisms = extensions.get("AUTH") ?? [];
  const [user, password] = [made(random), made(random)];
  let told: Told = "unknown";
  if (mechanisms.includes("PLAIN")) {
    told = toldBy(await say(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`));
    if (told !== "no") return told;
  }
  if (mechanisms.includes("LOGIN")) {
    let answer = await say("AUTH LOGIN");
    if (answer?.code === 334) answer = await say(base64(user));
    if (answer?.code === 334) answer = await say(base64(password));
    told = toldBy(answer);
  }
  return told;
}

/** RFC 4954 §6: 535 5.7.8 is about the login; any other refusal is about something else. */
function toldBy(reply: Reply | null): Told {
  if (reply?.code === 235) return "yes";
  return reply?.code === 535 ? "no" : "unknown";
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const made = (random: Random): string => `fencepost-${Buffer.from(random.bytes(8)).toString("hex")}`;
