/** Aggregate reports on authentication and transport (RFC 7489 §7.2, RFC 8460): many abuse mailboxes get them, none is a complaint. */
import { fieldOf } from "../../message/header.ts";
import type { Mail } from "../mail.ts";
import { nothingRead, type Reading } from "../reading.ts";

export function readAggregate(mail: Mail): Reading | null {
  const named = mail.parts.some(({ name }) => /^[^!\s]{3,255}![^!\s]{3,255}!\d{9,11}!\d{9,11}/.test(name ?? ""));
  const titled =
    /^\s*(?:\[[^\]]*\]\s*)*Report domain:\s*\S+\s+Submitter:/i.test(mail.subject.trim()) ||
    /^Report Domain: \S+ Submitter: \S+ Report-ID:/i.test(mail.subject);
  const tls =
    fieldOf(mail.header, "tls-report-domain") !== null ||
    mail.parts.some(({ type }) => /^application\/tlsrpt/.test(type));
  if (!named && !titled && !tls) return null;
  return {
    ...nothingRead,
    format: "aggregate",
    topic: "authentication",
    feedbackType: tls ? "tlsrpt" : "dmarc",
    robot: true,
  };
}
