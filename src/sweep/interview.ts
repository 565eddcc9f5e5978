/** Hears what a listener says: its greeting, what it is, and the certificate it shows. Says EHLO and QUIT, nothing else. */
import { Dialogue } from "../dialogue/client.ts";
import { fingerprint } from "../knowledge/fingerprint.ts";
import type { Product } from "../knowledge/product.ts";
import { type Clock, DialError, type Dialer, type Endpoint, type TlsFacts } from "../ports.ts";
import { parseExtensions } from "../smtp/ehlo.ts";
import { isPositive } from "../smtp/reply.ts";
import { printable } from "../smtp/transcript.ts";
import type { FoundListener } from "./result.ts";

/** RFC 8314 §3.3: TLS from the first byte. */
const implicitTlsPort = 465;

const waits = { connect: 5000, greeting: 10_000, command: 5000, tls: 5000 } as const;

/** What is kept of a greeting. */
const maxBanner = 300;

export interface InterviewPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

export type Heard = Pick<FoundListener, "speaks" | "banner" | "product" | "tls">;

/** Throws only the signal's reason. */
export async function interview(
  endpoint: Endpoint,
  helo: string,
  products: readonly Product[],
  { dialer, clock }: InterviewPorts,
  signal: AbortSignal,
): Promise<Heard> {
  const nothing: Heard = { speaks: "silent", banner: null, product: null, tls: null };
  let connection: Awaited<ReturnType<Dialer["connect"]>>;
  try {
    const tls = endpoint.port === implicitTlsPort ? { tls: {} } : {};
    connection = await dialer.connect(endpoint, { timeoutMs: waits.connect, ...tls }, signal);
  } catch (error) {
    if (error instanceof DialError) return error.failure === "tls" ? { ...nothing, speaks: "other" } : nothing;
    throw error;
  }
  await using dialogue = new Dialogue(connection, clock, signal);
  const greeting = await dialogue.hear(waits.greeting);
  const facts = connection.tls === null ? null : tlsOf(connection.tls);
  if (greeting.kind === "lost") {
    const said = dialogue.transcript.find(({ side }) => side === "S")?.text ?? null;
    return {
      ...nothing,
      speaks: said === null ? "silent" : "other",
      banner: said?.slice(0, maxBanner) ?? null,
      tls: facts,
    };
  }
  const { code, text } = greeting.reply;
  const banner = printable(`${code} ${text}`).slice(0, maxBanner);
  // A mailer greets with 220, and turns a client away with 421 or 554 (RFC 5321 §3.1, §3.8).
  if (code !== 220 && code < 400) return { speaks: "other", banner, product: null, tls: facts };
  const said = { banner: text, ehlo: [] as string[], replies: [] as string[], help: null };
  if (code !== 220) {
    said.replies.push(`${code} ${text}`);
    return { speaks: "smtp", banner, product: fingerprint(said, products)?.product ?? null, tls: facts };
  }
  const ehlo = await dialogue.command(`EHLO ${helo}`, waits.command);
  if (ehlo.kind === "lost")
    return { speaks: "smtp", banner, product: fingerprint(said, products)?.product ?? null, tls: facts };
  // FTP greets with 220 as well, and knows no EHLO.
  if (!isPositive(ehlo.reply) && ehlo.reply.code === 530 && !/smtp|mail/i.test(text))
    return { speaks: "other", banner, product: null, tls: facts };
  said.ehlo.push(...ehlo.reply.text.split("\n"));
  const product = fingerprint(said, products)?.product ?? null;
  if (facts !== null || !isPositive(ehlo.reply) || !parseExtensions(ehlo.reply).has("STARTTLS"))
    return { speaks: "smtp", banner, product, tls: facts };
  return { speaks: "smtp", banner, product, tls: await certificateOf(dialogue) };
}

/** What STARTTLS shows (RFC 3207); null if it does not work. */
async function certificateOf(dialogue: Dialogue): Promise<FoundListener["tls"]> {
  const agreed = await dialogue.command("STARTTLS", waits.command);
  if (agreed.kind === "lost" || agreed.reply.code !== 220) return null;
  const tls = await dialogue.startTls({}, waits.tls);
  return "kind" in tls ? null : tlsOf(tls);
}

const tlsOf = ({ protocol, certificate }: TlsFacts): NonNullable<FoundListener["tls"]> => ({
  protocol,
  certificate: certificate?.subject ?? null,
  validTo: certificate?.validTo ?? null,
});
