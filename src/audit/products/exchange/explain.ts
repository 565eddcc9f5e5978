/** What a hole is called in Exchange, with the command of PowerShell that mends it: its configuration is no file to patch. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";
import { quoted } from "./powershell.ts";

const at = ({ hole }: SeenHole): string => `${connectorOf(hole)} (port ${hole.listener.port})`;

/** What each tag means. */
export const rows = {
  EXC_ANON_ANYRCPT: {
    severity: "critical",
    says: (seen) => `${at(seen)}: clients without a login may send anywhere${over(seen)}.`,
    why: "The connector serves every address, and clients without a login have the right ms-Exch-SMTP-Accept-Any-Recipient at it.",
    remedy: "Take the right away, or let the connector serve single addresses of your own.",
  },
  EXC_DEFAULT_MOD: {
    severity: "critical",
    says: (seen) => `${at(seen)}: the default connector lets clients without a login send anywhere${over(seen)}.`,
    why: "The default connectors take mail from the Internet. The right ms-Exch-SMTP-Accept-Any-Recipient was added to one.",
    remedy: "Take the right away, and make a connector of its own for the devices that need it.",
  },
  EXC_EXTAUTH: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client in ${clientsOf(seen)} counts as one of your own servers.`,
    why: "AuthMechanism ExternalAuthoritative believes whoever has an address in RemoteIPRanges, and also passes him by the filters.",
    remedy: "Let it serve single addresses of your own servers, or use another mechanism.",
  },
  EXC_RANGE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${clientsOf(seen)} may send anywhere without a login.`,
    why: "Whoever has an address in the connector's ranges may relay: neighbours, and the whole Internet where a load balancer, a gateway or a NAT there hides who connects.",
    remedy: "List single addresses of your own devices, IPv4 and IPv6, and no address of a load balancer.",
  },
  EXC_ACCEPT_STAR: {
    severity: "critical",
    says: (seen) =>
      `${at(seen)}: mail for domains of others, such as that of ${seen.hole.session.forwardPath}, is passed on.`,
    why: "An accepted domain covers names that are not yours; mail for accepted domains is taken from anybody.",
    remedy: "Remove the accepted domain, or narrow it to your own.",
  },
  EXC_RELAY_DOMAIN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: recipients such as ${seen.hole.session.forwardPath} are passed on as they are.`,
    why: "The mailer behind a relay domain trusts this one. If it acts on the routing in the local-part, both together relay for strangers.",
    remedy: "Refuse such local-parts at the mailer behind.",
  },
  EXC_OTHER: {
    severity: "high",
    says: (seen) => `${at(seen)}: "${seen.rule}" lets strangers send to strangers.`,
    why: "A stranger's mail to a stranger passes.",
    remedy: "Look at the connector's ranges, groups and rights.",
  },
  EXC_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "A connector does not show the rights that decide, nor which domains are accepted.",
    remedy:
      "Add what is missing to the dump: Get-ReceiveConnector | Get-ADPermission | Where-Object ExtendedRights | ConvertTo-Json -Depth 5, and Get-AcceptedDomain | ConvertTo-Json -Depth 5.",
  },
} as const satisfies Record<string, HoleRow>;

type ExchangeTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  const found = explained(hole, tag, rows[tag], holePlace(hole));
  const command = commandFor(tag, hole);
  return command === null ? found : { ...found, remedy: `${found.remedy} ${command}` };
}

function tagOf(hole: Hole): ExchangeTag {
  const rule = decidingRule(hole)?.rule ?? "";
  if (hole.certainty === "unknown") return "EXC_UNKNOWN";
  if (hole.kind === "passed-on") return "EXC_RELAY_DOMAIN";
  if (/^recipients in accepted/.test(rule)) return "EXC_ACCEPT_STAR";
  if (/ExternalAuthoritative/.test(rule)) return "EXC_EXTAUTH";
  if (!/Accept-Any-Recipient/.test(rule)) return "EXC_OTHER";
  if (hole.kind === "network") return "EXC_RANGE";
  return /\\(Default|Client) /.test(connectorOf(hole)) ? "EXC_DEFAULT_MOD" : "EXC_ANON_ANYRCPT";
}

/** The connector that decided: its program bears its name. */
function connectorOf(hole: Hole): string {
  return decidingRule(hole)?.program ?? hole.listener.name;
}

const clientsOf = ({ hole }: SeenHole): string => (hole.clients.isEmpty ? "its ranges" : listed(hole.clients));

/** Where only one family is open: ranges of the other are often forgotten. */
function over({ hole }: SeenHole): string {
  const families = new Set(hole.clients.ranges.map(({ family }) => family));
  return families.size === 1 ? (families.has(6) ? " over IPv6" : " over IPv4") : "";
}

function commandFor(tag: ExchangeTag, hole: Hole): string | null {
  const connector = quoted(connectorOf(hole));
  const user = /^ms-Exch-SMTP-Accept-Any-Recipient for (.+)$/s.exec(decidingRule(hole)?.rule ?? "")?.[1];
  switch (tag) {
    case "EXC_ANON_ANYRCPT":
    case "EXC_DEFAULT_MOD":
      return `Get-ReceiveConnector ${connector} | Remove-ADPermission -User ${quoted(user ?? "NT AUTHORITY\\ANONYMOUS LOGON")} -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient`;
    case "EXC_EXTAUTH":
    case "EXC_RANGE":
      return `Set-ReceiveConnector ${connector} -RemoteIPRanges 192.0.2.10,192.0.2.11 (with the addresses of your own devices)`;
    case "EXC_ACCEPT_STAR": {
      const { recipient } = hole.decision;
      const line = recipient.kind === "address" ? (recipient.where?.text ?? "") : "";
      const domain = /"([^"\\]*)"\s*,?\s*$/.exec(line)?.[1] ?? "*";
      return `Get-AcceptedDomain | Where-Object { "$($_.DomainName)" -eq ${quoted(domain)} } | Remove-AcceptedDomain`;
    }
    default:
      return null;
  }
}

/** There is no file to patch: the remedy is a command. */
export function repairsOf(): readonly [] {
  return [];
}
