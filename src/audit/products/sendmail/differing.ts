/** Whether two readings of what should be the same configuration answer a few plain sessions alike. */

import { formatIp, parseIp } from "../../../net/ip.ts";
import { elsewhere, strangersHelo, strangersReversePath } from "../../../witness/strangers.ts";
import { decide } from "../../evaluate.ts";
import type { Listener, Session } from "../../rules.ts";
import { domainsOf, listenersOf, type Policy } from "./policy.ts";

const clients = ["203.0.113.9", "10.1.1.77", "172.17.0.1", "192.168.0.9", "2001:db8:99::9"];

/** The first session in words that they answer otherwise; `null`: none was found. */
export function differingSession(a: Policy, b: Policy): string | null {
  const [left, right] = [listenersOf(a), listenersOf(b)];
  const named = [...domainsOf(a), ...domainsOf(b)].slice(0, 20).map(({ name }) => name);
  const recipients = [elsewhere, ...named, ...named.map((name) => `sub.${name}`)];
  const senders = [strangersReversePath, ...named.slice(0, 3).map((name) => `<someone@${name}>`)];
  for (const one of left) {
    const other = right.find(({ port, address }) => port === one.port && sameAddress(address, one.address));
    if (other === undefined) return `port ${one.port} is not in both`;
    for (const text of clients)
      for (const domain of new Set(recipients))
        for (const reversePath of senders) {
          const session = sessionOf(text, reversePath, `<probe@${domain}>`);
          const outcomes = [decide(one, session).outcome, decide(other, session).outcome];
          if (outcomes[0] !== outcomes[1] && !outcomes.includes("unknown"))
            return `${text} from ${reversePath} to <probe@${domain}> on port ${one.port}`;
        }
  }
  return null;
}

function sameAddress(a: Listener["address"], b: Listener["address"]): boolean {
  return (a === null ? "" : formatIp(a)) === (b === null ? "" : formatIp(b));
}

function sessionOf(text: string, reversePath: string, forwardPath: string): Session {
  const address = parseIp(text);
  if (!address.ok) throw new Error(text);
  return {
    client: { address: address.value, name: null, reverseName: null, authenticated: false, certificate: "none" },
    tls: "none",
    helo: strangersHelo,
    reversePath,
    forwardPath,
    previousRecipients: [],
    backupMx: false,
  };
}
