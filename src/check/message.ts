/** The message that proves a relay: it says who tests, why, and whom to ask, and carries its token in many places. Pure. */
import { createHmac } from "node:crypto";
import { stuffed } from "../smtp/data.ts";
import type { Instance } from "./expand.ts";
import { localPartPrefix } from "./token.ts";

export interface MessageFacts {
  readonly runId: string;
  readonly at: Date;
  readonly senderDomain: string;
  readonly target: string;
  /** Who let us test: the site's name, or the holder of the authorisation. */
  readonly operator: string;
  readonly contact: string;
  /** The whole text of the authorisation that covers this target, if one does. */
  readonly authorisation: string | null;
  readonly key: Uint8Array;
}

/** Names of the header fields by which a message of ours is known again. */
export const probeFields = {
  probe: "X-Fencepost-Probe",
  token: "X-Fencepost-Token",
  signature: "X-Fencepost-Signature",
} as const;

export function signatureOf(key: Uint8Array, token: string): string {
  return createHmac("sha256", key).update(`fencepost message ${token}`).digest("hex").slice(0, 32);
}

/** The message text with CRLF line ends and dots stuffed, without the end of data. */
export function composeMessage(
  instance: Instance,
  covered: readonly string[],
  facts: MessageFacts,
  headers: readonly string[],
): string {
  const { token } = instance;
  const local = `${localPartPrefix}${token}@${facts.senderDomain}`;
  const lines = [
    ...headers,
    `Date: ${rfc5322Date(facts.at)}`,
    ...(headers.some((line) => /^from:/i.test(line)) ? [] : [`From: Fencepost relay test <${local}>`]),
    ...(headers.some((line) => /^to:/i.test(line)) ? [] : [`To: <${local}>`]),
    `Message-ID: <${token}@${facts.senderDomain}>`,
    `Subject: Relay test ${token}`,
    ...(headers.some((line) => /^auto-submitted:/i.test(line)) ? [] : ["Auto-Submitted: auto-generated"]),
    `${probeFields.probe}: ${instance.name}`,
    `${probeFields.token}: ${token}`,
    `X-Fencepost-Target: ${facts.target}`,
    `X-Fencepost-Run: ${facts.runId}`,
    `${probeFields.signature}: ${signatureOf(facts.key, token)}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    `This is test ${token} of the mail server at ${facts.target}.`,
    "",
    `${facts.operator} asked for a test of whether this server passes on mail`,
    "from strangers to strangers. If you can read this outside that site, it did.",
    `Nobody needs to act on this message. Questions: ${facts.contact}`,
    "",
    `Probes: ${covered.slice(0, 50).join(", ").slice(0, 700)}`,
    ...(facts.authorisation === null ? [] : ["", "Authorisation:", ...facts.authorisation.split("\n").slice(0, 20)]),
  ];
  // 7-bit, bounded lines (RFC 5322 §2.1.1): names and authorisations come from files.
  return stuffed(`${lines.map((line) => line.replace(/[^\x20-\x7e\t]/g, "?").slice(0, 900)).join("\r\n")}`);
}

function rfc5322Date(at: Date): string {
  return at.toUTCString().replace("GMT", "+0000");
}
