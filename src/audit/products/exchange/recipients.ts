/** Where Exchange sends a recipient: by its accepted domains, of which the closest counts. No address is taken apart. */
import { formatLiteral } from "../../../smtp/literal.ts";
import { readForwardPath } from "../../../smtp/path.ts";
import type { Recipient } from "../../rules.ts";
import type { AcceptedDomain } from "./dump.ts";

export function recipientReader(domains: readonly AcceptedDomain[] | null): (forwardPath: string) => Recipient {
  const exact = new Map((domains ?? []).map((domain) => [domain.name, domain]));
  const find = (name: string): AcceptedDomain | null => {
    const own = exact.get(name);
    if (own !== undefined) return own;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const parent = exact.get(name.slice(dot + 1));
      if (parent?.below === true) return parent;
    }
    return exact.get("*") ?? null;
  };
  return (forwardPath) => {
    const path = readForwardPath(forwardPath);
    if (path.kind === "postmaster") return { kind: "always-accepted", end: "local" };
    if (path.kind !== "mailbox") return { kind: "refused", why: "it is no address with a domain" };
    const { localPart, domain } = path.mailbox;
    const name = domain.kind === "name" ? domain.name : formatLiteral(domain.address);
    const found = domain.kind === "name" ? find(domain.name) : null;
    const unknown = { unknown: "which domains are accepted: give the output of Get-AcceptedDomain", where: null };
    return {
      kind: "address",
      localPart,
      domain: name,
      end: domains === null ? unknown : found === null ? "outside" : found.relayed ? "listed" : "local",
      where: found?.where ?? null,
      routed: path.route.length > 0,
      exists: "yes",
      onward: null,
    };
  };
}
