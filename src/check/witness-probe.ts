/**
 * A witness as a probe row, so that it is replayed, proved and judged like any other: what stood for a stranger is the
 * tester's own, all that the configuration looked at stays as it is. Pure.
 */
import type { Probe, ProbeClass, StepTemplate } from "../knowledge/probe.ts";
import {
  elsewhere,
  outsidePath,
  outsideUser,
  strangersDomain,
  strangersHelo,
  strangersReversePath,
} from "../witness/strangers.ts";
import { proxyHeader, type Witness, xclientCommand } from "../witness/witness.ts";

/** The row, or why this witness cannot be replayed. */
export type WitnessProbe =
  | { readonly ok: true; readonly probe: Probe }
  | { readonly ok: false; readonly reason: string };

/** @param number tells several witnesses of one run apart, counted from 1. */
export function witnessProbe(witness: Witness, number: number): WitnessProbe {
  const { client, claims, helo, reversePath, forwardPath, previousRecipients, tls } = witness;
  if (client.authenticated) return refused("it needs a login, and a test never uses a real account");
  if ([helo, reversePath, forwardPath, ...previousRecipients].some((text) => /[{}]/.test(text)))
    return refused("braces in its words would be read as placeholders");
  if (!forwardPath.includes(elsewhere))
    return refused(
      `its recipient ${forwardPath} does not end at ${elsewhere}, which stands for the catcher: no message may be sent to it`,
    );
  const own = helo === strangersHelo ? "{helo}" : helo;
  const steps: StepTemplate[] = [
    ...(claims?.by === "proxy" ? [{ preface: { text: `${proxyHeader(claims.address)}\r\n` } }] : []),
    { ehlo: own },
    ...(tls === "starttls" ? [{ starttls: {} }, { ehlo: own }] : []),
    ...(claims?.by === "xclient"
      ? [{ raw: { text: `${xclientCommand(claims.address)}\r\n`, replies: 1 } }, { ehlo: own }]
      : []),
    { mail: reversePath === strangersReversePath ? "<{sender}>" : sender(reversePath) },
    ...previousRecipients.map((path) => ({ rcpt: recipient(path) })),
    { rcpt: recipient(forwardPath) },
  ];
  const group = classOf(witness);
  return {
    ok: true,
    probe: {
      id: `witness-${number}`,
      since: 1,
      title: `The witness of an audit: ${forwardPath}`.slice(0, 160),
      why: "A session that the configuration lets through, as the audit of it found.",
      class: group,
      era: "current",
      safety: "envelope",
      judge: group === "routing" ? "routing" : group === "trust" ? "injection" : "relay",
      needs: [],
      passes: [],
      steps,
      remedy: "F1",
      references: ["fencepost audit"],
      verified: "2026-11-24",
    },
  };
}

const refused = (reason: string): WitnessProbe => ({ ok: false, reason });

/** The catcher knows its own by the token, in the local-part or, where that is the point, in a label of the domain. */
function recipient(path: string): string {
  if (!path.includes(elsewhere)) return path;
  return path.includes(outsideUser)
    ? path.replaceAll(outsideUser, "{pl}").replaceAll(elsewhere, "{pd}")
    : path.replaceAll(elsewhere, "{token}.{pd}");
}

/** Some user of the stranger's domain, where the configuration looks at nothing else in it. */
const sender = (path: string): string => path.replaceAll(strangersDomain, "{sender_domain}");

/** Which part of the rule it is about: what differs from the plainest session. */
function classOf({ claims, helo, reversePath, forwardPath }: Witness): ProbeClass {
  if (claims !== undefined) return "trust";
  if (forwardPath !== outsidePath) return "routing";
  if (reversePath !== strangersReversePath) return "sender";
  return helo === strangersHelo ? "plain" : "helo";
}
