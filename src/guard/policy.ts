/**
 * Postfix's policy delegation (SMTPD_POLICY_README): a request is lines of `name=value` up to an empty one, an answer is
 * `action=…` and an empty line. Postfix waits for each answer, and closes a connection that breaks the protocol: mail is
 * then put off, never let through. To pass is DUNNO, so that no rule behind this one is skipped. Pure.
 */
import { parseIp } from "../net/ip.ts";
import type { Asked, Ruling } from "./decide.ts";

/** The attributes of one request, those that come last win. */
export type PolicyRequest = ReadonlyMap<string, string>;

/** What breaks the protocol: nothing that follows can be trusted to be a request. */
export class PolicyProtocolError extends Error {
  override readonly name = "PolicyProtocolError";
}

/** Postfix sends some thirty attributes, certificates' subjects among them. */
const maxRequest = 32 * 1024;
const maxAttributes = 200;

/** Takes chunks, gives requests as they are complete. */
export class PolicyReader {
  #rest = "";

  /** One character a byte. Throws `PolicyProtocolError`. */
  push(text: string): readonly PolicyRequest[] {
    const all = this.#rest + text;
    const requests: PolicyRequest[] = [];
    let from = 0;
    for (let end = all.indexOf("\n\n", from); end >= 0; end = all.indexOf("\n\n", from)) {
      if (end - from > maxRequest) throw new PolicyProtocolError("the request is too long");
      requests.push(requestOf(all.slice(from, end)));
      from = end + 2;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length > maxRequest) throw new PolicyProtocolError("the request is too long");
    return requests;
  }
}

function requestOf(text: string): PolicyRequest {
  const attributes = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals <= 0) throw new PolicyProtocolError(`no attribute: ${line.slice(0, 60)}`);
    if (attributes.size >= maxAttributes) throw new PolicyProtocolError("too many attributes");
    attributes.set(line.slice(0, equals), line.slice(equals + 1));
  }
  if (attributes.get("request") !== "smtpd_access_policy")
    throw new PolicyProtocolError('expected "request=smtpd_access_policy"');
  return attributes;
}

/** What the request asks of the rule; null: nothing that it decides. Only RCPT names one recipient. */
export function askedOf(request: PolicyRequest): Omit<Asked, "recipient"> | null {
  if (request.get("protocol_state") !== "RCPT") return null;
  const client = parseIp(request.get("client_address") ?? "");
  return {
    client: client.ok ? client.value : null,
    // Set only after a login that Postfix itself has checked.
    authenticated: (request.get("sasl_username") ?? "") !== "",
    reversePath: pathOf(request.get("sender") ?? ""),
    forwardPath: pathOf(request.get("recipient") ?? ""),
  };
}

/**
 * Postfix hands over addresses without their quotes: `a b@ours` was `"a b"@ours`. They are put back, so that an `@` in
 * a local-part is not taken for the end of it.
 */
function pathOf(address: string): string {
  const at = address.lastIndexOf("@");
  const local = at < 0 ? address : address.slice(0, at);
  const domain = at < 0 ? "" : address.slice(at);
  // RFC 5321 §4.1.2: Dot-string, with the letters of RFC 6531 §3.3.
  const plain = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\xff-]*$/.test(local);
  return `<${plain ? local : `"${local.replace(/["\\]/g, "\\$&")}"`}${domain}>`;
}

/** The answer on the wire. */
export function answerOf(ruling: Ruling): string {
  return ruling.action === "pass" ? "action=DUNNO\n\n" : `action=${ruling.code} ${ruling.enhanced} ${ruling.text}\n\n`;
}

export const dunno = "action=DUNNO\n\n";

/** When no decision could be reached: the client is to come again (RFC 3463 §3.4: 4.3.0). */
export const deferred = "action=DEFER_IF_PERMIT 4.3.0 The relay guard cannot decide now\n\n";
