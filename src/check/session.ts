/** One connection to a target, from its greeting on: how long we wait on it, HELO and STARTTLS. */
import type { Dialogue, Heard, Loss } from "../dialogue/client.ts";
import type { IpAddress } from "../net/ip.ts";
import type { ClientCertificate, DialFailure, Endpoint, TlsFacts } from "../ports.ts";
import { type Extensions, parseExtensions } from "../smtp/ehlo.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import type { RenderedStep } from "./expand.ts";

/**
 * How long we wait (RFC 5321 §4.5.3.2 gives minutes, for servers that must deliver). A wait that ends is reported as a
 * time-out and never as a refusal, so a slow mailer can only cost us an answer.
 */
export const waits = {
  connect: 15_000,
  greeting: 45_000,
  command: 60_000,
  tls: 20_000,
  data: 120_000,
  dot: 300_000,
  malformedEnd: 3000,
} as const;
export type Waits = { readonly [Wait in keyof typeof waits]: number };

/** Where in the dialogue something was decided. */
export type Stage = "connect" | "ehlo" | "starttls" | "auth" | "injection" | "mail" | "rcpt" | "data" | "dot";

export interface Outcome {
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly loss: Loss | DialFailure | null;
}

export const outcomeOf = (stage: Stage, heard: Heard): Outcome =>
  heard.kind === "reply" ? { stage, reply: heard.reply, loss: null } : { stage, reply: null, loss: heard.loss };

export interface TalkTarget {
  readonly endpoint: Endpoint;
  readonly source: IpAddress | null;
  readonly helo: string;
  /** The name asked for in TLS (SNI), if the target has one. */
  readonly serverName: string | null;
  /** RFC 8314: TLS from the first byte. */
  readonly implicitTls: boolean;
  readonly clientCertificate: ClientCertificate | null;
  /** `waits`, unless a test is in a hurry. */
  readonly waits: Waits;
}

/** A connection with its greeting heard. */
export interface Session {
  readonly dialogue: Dialogue;
  readonly greeting: Reply | null;
  readonly waits: Waits;
  helo: string | null;
  extensions: Extensions;
  tls: TlsFacts | null;
  refusals: number;
  complaints: number;
  probes: number;
}

/** The HELO or EHLO line of a step. */
export function greetingLine(step: RenderedStep): string | null {
  if ("ehlo" in step) return `EHLO ${step.ehlo}`.trimEnd();
  if ("helo" in step) return `HELO ${step.helo}`.trimEnd();
  return null;
}

/** Says HELO or EHLO; what is offered then belongs to the session. */
export async function greet(session: Session, line: string): Promise<Heard> {
  let heard = await session.dialogue.command(line, session.waits.command);
  // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO. A refusal of the name stays a refusal.
  const unknown =
    heard.kind === "reply" &&
    [500, 501, 502, 504].includes(heard.reply.code) &&
    !/helo|ehlo|name|domain/i.test(heard.reply.text);
  if (unknown && line.startsWith("EHLO "))
    heard = await session.dialogue.command(`HELO ${line.slice(5)}`, session.waits.command);
  if (heard.kind === "reply" && isPositive(heard.reply)) {
    session.helo = line;
    session.extensions = parseExtensions(heard.reply);
  }
  return heard;
}

/** STARTTLS and its handshake; null when the session is secure, else what came instead. */
export async function secure(
  session: Session,
  target: TalkTarget,
  step: Extract<RenderedStep, { starttls: unknown }>["starttls"] | undefined,
): Promise<Heard | null> {
  const heard =
    step?.inject === undefined
      ? await session.dialogue.command("STARTTLS", session.waits.command)
      : ((await session.dialogue.say(`STARTTLS\r\n${step.inject}`)) ??
        (await session.dialogue.hear(session.waits.command)));
  if (heard.kind === "lost" || heard.reply.code !== 220) return heard;
  const tls = await session.dialogue.startTls(
    {
      ...(target.serverName === null ? {} : { serverName: target.serverName }),
      ...(step?.certificate === true && target.clientCertificate !== null ? { client: target.clientCertificate } : {}),
    },
    session.waits.tls,
  );
  if ("kind" in tls) return tls;
  session.tls = tls;
  session.helo = null;
  return null;
}
