/**
 * Whom to ask: what the refusal itself names, what the catalogue knows of the receiver, and else the postmaster, whom every
 * domain that takes mail must have (RFC 5321 §4.5.1).
 */
import type { Receiver } from "../../knowledge/receiver.ts";
import { parseDomain } from "../../net/domain.ts";
import type { Refusal } from "./result.ts";

const page = /https?:\/\/[^\s<>"')\]]{4,300}/gi;
const mail = /[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi;

/** Addresses that people are told to write to; recipients and senders stand in refusals too. */
const roles =
  /^(?:postmaster|abuse|delist|unblock|block|remov|support|help|noc|admin|mailadmin|security|tobr|tosa|toda|spam|blacklist|rbl|contact|email|it)|(?:abuse|postmaster|rbl|block|delist|unblock|admin|support)/i;

export function whomToAsk(text: string, receiver: Receiver | null, domains: readonly string[]): Refusal["ask"] {
  const from = (kind: "page" | "mail", at: string, of: Refusal["ask"][number]["from"]) => ({ kind, at, from: of });
  const told = [
    ...(text.match(page) ?? []).map((at) => from("page", at.replace(/[.,;:]+$/, ""), "refusal")),
    ...(text.replaceAll(page, " ").match(mail) ?? [])
      .filter((at) => roles.test(at))
      .map((at) => from("mail", at.toLowerCase(), "refusal")),
  ].slice(0, 4);
  const known = (receiver?.ask ?? []).map((one) =>
    "page" in one ? from("page", one.page, "catalogue") : from("mail", one.mail, "catalogue"),
  );
  const domain = domains.find((one) => parseDomain(one).ok);
  const all = [...told, ...known];
  if (all.length === 0 && domain !== undefined) all.push(from("mail", `postmaster@${domain}`, "rfc5321"));
  return all.filter((one, at) => all.findIndex((other) => other.at === one.at) === at);
}
