/** One page for whoever manages the mailer: what is internal, the rule, the requirements, and the test that accepts the work. Pure. */
import type { Product } from "../knowledge/product.ts";
import { formatHostPort } from "../net/host-port.ts";
import { formatPrefix } from "../net/prefix.ts";
import { relaying, sides } from "../relaying/table.ts";
import type { Mailer, Site } from "../site/model.ts";
import { formatMailbox } from "../smtp/path.ts";
import type { BriefDocument } from "./brief-result.ts";
import { fencepostLine, type Whereabouts } from "./command.ts";
import { requirementsOf } from "./requirements.ts";

export interface BriefRequest {
  readonly site: Site;
  readonly mailer: Mailer;
  readonly product: Product | null;
  readonly found: BriefDocument["found"];
  readonly whereabouts: Whereabouts;
  readonly now: string;
}

export function brief({ site, mailer, product, found, whereabouts, now }: BriefRequest): BriefDocument {
  const domains = mailer.domains.map(({ name, covers }) => (covers === "exactly" ? name : `*.${name}`));
  const example =
    mailer.domains.find(({ covers }) => covers === "exactly")?.name ?? mailer.domains[0]?.name ?? "example.org";
  const { postmaster } = site.contacts;
  return {
    schema: "fencepost/brief/1",
    site: site.name,
    mailer: mailer.name,
    host: mailer.host,
    listeners: listenersOf(mailer),
    product: product === null ? null : { id: product.id, name: product.name, checkedAgainst: product.checkedAgainst },
    domains,
    networks: site.networks.map(formatPrefix),
    cells: cellsOf(site),
    requirements: requirementsOf(site, mailer, product, example),
    found,
    acceptance: {
      command: fencepostLine(["check", mailer.name, "--profile", "full"], whereabouts),
      expects: [
        "It is run from outside the networks above, with the catcher of site.yaml (fencepost doctor says whether that works).",
        `CLOSED for ${listenersOf(mailer).length === 1 ? "the address and port" : "every address and port"} above, and exit code 0; with --json: "verdict":"closed" and "profile":"full".`,
        "SUSPECT, INCONCLUSIVE and UNREACHABLE (exit code 2) are no acceptance; OPEN RELAY (exit code 1) names the test that came through, and the message that arrived.",
      ],
      also:
        product?.auditedAs === undefined
          ? []
          : [
              `${fencepostLine(["audit", `${mailer.name}=PATH`], whereabouts)} on a copy of the configuration says CLOSED (the copy in the place of PATH).`,
            ],
    },
    contact: postmaster === null ? null : formatMailbox(postmaster),
    at: now,
  };
}

function listenersOf({ host, addresses, ports }: Mailer): BriefDocument["listeners"] {
  return ports.flatMap(({ port, role }) =>
    addresses.length === 0
      ? [{ listener: `${host ?? ""}:${port}`, role }]
      : addresses.map((address) => ({
          listener: formatHostPort({ host: { kind: "address", address }, port }),
          role,
        })),
  );
}

const says = {
  "internal-to-internal": "A matter of local policy; no chain of mailers may end in external to external.",
  "internal-to-external": "Permitted because of the client's address or login, never because of the sender.",
  "external-to-internal": "Accepted for valid addresses. A local address may forward outside.",
  "external-to-external": "Forbidden, whatever the sender, HELO, reverse DNS or form of the recipient.",
} as const;

function cellsOf({ policy }: Site): BriefDocument["cells"] {
  return sides.flatMap((client) =>
    sides.map((recipient) => {
      const cell = `${client}-to-${recipient}` as const;
      const rule = cell === "internal-to-internal" ? policy.internalToInternal : relaying[cell];
      const limited = cell === "internal-to-external" && policy.internalSenderOnly;
      return { client, recipient, rule, says: `${says[cell]}${limited ? " Only with a sender in our domains." : ""}` };
    }),
  );
}
