/**
 * A witness: one session, as a value, that shows what a mailer does. `audit` finds it in a configuration, `check`
 * replays it, a report prints it. It is JSON as it stands: addresses and paths are text, exactly as they go over the
 * wire, because the way of writing is often the point.
 */
import { z } from "zod";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

const address = z
  .string()
  .refine((text) => canonical(text) !== null, { error: "expected an IP address, such as 192.0.2.1" })
  .overwrite((text) => canonical(text) ?? text)
  .meta({ description: "an IP address, such as 192.0.2.1" });

/** What stands in one command line must not become two. */
const inOneLine = z
  .string()
  .max(2048)
  .regex(/^[^\0\r\n]*$/, { error: "expected text without line ends" });

const client = z.strictObject({
  /** The stranger's address; `null`: any stranger will do. */
  address: address.nullable(),
  authenticated: z.boolean(),
});

/** Another client's address, claimed in the words of a proxy: PROXY protocol before the greeting, or Postfix's XCLIENT. */
const claims = z.strictObject({ by: z.enum(["xclient", "proxy"]), address });

export const witnessSchema = z.strictObject({
  client,
  /** Left out where the client claims to be nobody else. */
  claims: claims.exactOptional(),
  /** The listener that lets it through; left out where all do. */
  listener: z.strictObject({ address: address.nullable(), port: z.int().min(1).max(65535) }).exactOptional(),
  helo: inOneLine.min(1),
  /** As after `MAIL FROM:`, brackets included. */
  reversePath: inOneLine,
  /** As after `RCPT TO:`, brackets included: the recipient that this is about. */
  forwardPath: inOneLine,
  /** Recipients of the same transaction before it, for mailers whose answer depends on them. */
  previousRecipients: z.array(inOneLine).max(100),
  /** `starttls` before MAIL, `implicit` from the first byte (RFC 8314 §3). */
  tls: z.enum(["none", "starttls", "implicit"]),
});

/** A session as a value. */
export type Witness = z.output<typeof witnessSchema>;

/** Longer than any witness that the schema takes. */
const maxText = 512 * 1024;

/** Reads the JSON text of a witness. */
export function parseWitness(text: string): Parsed<Witness> {
  if (text.length > maxText) return notParsed(maxText, `expected at most ${maxText} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notParsed(0, "expected the JSON text of a witness, as audit writes it");
  }
  const read = witnessSchema.safeParse(value);
  if (read.success) return parsed(read.data);
  const issue = read.error.issues[0];
  const place = issue?.path.join(".") ?? "";
  return notParsed(
    0,
    `expected a witness, as audit writes it${place === "" ? "" : `; at ${place}`}: ${issue?.message ?? ""}`,
  );
}

/** Writes a witness as JSON text that `parseWitness` reads. */
export function formatWitness(witness: Witness): string {
  return `${JSON.stringify(witness, null, 2)}\n`;
}

/** The session as a client would type it, after a line that says who the client is. */
export function describeWitness(witness: Witness): readonly string[] {
  const { claims } = witness;
  return [
    `# ${whoConnects(witness)}`,
    ...(claims?.by === "proxy" ? [`C: ${proxyHeader(claims.address)}`] : []),
    ...(witness.tls === "starttls" ? [`C: EHLO ${visible(witness.helo)}`, "C: STARTTLS"] : []),
    `C: EHLO ${visible(witness.helo)}`,
    ...(claims?.by === "xclient" ? [`C: ${xclientCommand(claims.address)}`, `C: EHLO ${visible(witness.helo)}`] : []),
    ...(witness.client.authenticated ? ["C: AUTH (any account of the mailer)"] : []),
    `C: MAIL FROM:${visible(witness.reversePath)}`,
    ...[...witness.previousRecipients, witness.forwardPath].map((path) => `C: RCPT TO:${visible(path)}`),
  ];
}

/** A header of the PROXY protocol, version 1, that claims this client. What it says of the other end nobody looks at. */
export function proxyHeader(address: string): string {
  return address.includes(":") ? `PROXY TCP6 ${address} ::1 65000 25` : `PROXY TCP4 ${address} 127.0.0.1 65000 25`;
}

/** Postfix's command by which a proxy names the client (XCLIENT_README). */
export function xclientCommand(address: string): string {
  return `XCLIENT ADDR=${address.includes(":") ? "IPV6:" : ""}${address}`;
}

function whoConnects({ client, listener, tls }: Witness): string {
  const who = client.address ?? "any stranger";
  const where =
    listener === undefined
      ? "any listener"
      : `${listener.address === null ? "" : `${listener.address} `}port ${listener.port}`;
  return `${who} connects to ${where}${tls === "implicit" ? " with TLS" : ""}`;
}

/** Control characters and bytes above ASCII must not steer a reader's terminal. */
function visible(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function canonical(text: string): string | null {
  const read: Parsed<IpAddress> = parseIp(text);
  return read.ok ? formatIp(read.value) : null;
}
