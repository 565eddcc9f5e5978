/**
 * The operator of a list says that a mailer is still open. Our own `closed` no longer counts from then on; what they did is
 * looked for in what they sent, and done again. If it does not work here, our tester may not know something: that is put
 * together for whoever keeps it.
 */
import type { List } from "../knowledge/list.ts";
import { witnessesIn } from "../lists/dispute-evidence.ts";
import type { DisputeDocument } from "../lists/dispute-result.ts";
import { formatHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress, sameIp } from "../net/ip.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { formatMailbox, parseMailDomain } from "../smtp/path.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import type { Witness } from "../witness/witness.ts";
import { disputeKind } from "./assessments.ts";
import { type CheckOptions, type CheckTaskPorts, checkTask } from "./check.ts";
import { Unavailable, UsageError } from "./errors.ts";

export interface DisputeRequest
  extends Pick<CheckOptions, "siteFile" | "catalogue" | "vantage" | "catcher" | "waitMs"> {
  readonly site: Site | null;
  readonly address: IpAddress;
  /** The id of a list. */
  readonly list: string;
  /** What the operator sent. */
  readonly evidence: string;
}

export type DisputePorts = Omit<CheckTaskPorts, "store"> & { readonly store: Store };

const smtpPort = 25;
const maxKept = 256 * 1024;

/** Throws `UsageError`. */
export async function disputeTask(
  request: DisputeRequest,
  ports: DisputePorts,
  signal: AbortSignal,
): Promise<DisputeDocument> {
  const { site, address, evidence, catalogue } = request;
  const list = listNamed(request.list, catalogue.lists);
  const subject = formatIp(address);
  await ports.store.statements.add({
    kind: disputeKind,
    subject,
    object: formatHostPort({ host: { kind: "address", address }, port: smtpPort }),
    says: `${list.name} says that it is still open`,
    evidence: evidence.slice(0, maxKept),
  });
  const witnesses = witnessesIn(evidence, oursIn(site, address));
  const base = {
    schema: "fencepost/lists-dispute/1" as const,
    subject,
    list: list.id,
    name: list.name,
    witnesses: [...witnesses],
    at: ports.clock.now().toISOString(),
  };
  const ending = await replay(request, witnesses, ports, signal);
  return {
    ...base,
    ...ending,
    letter: ending.verdict === "reproduced" ? null : letterTo(site, list, subject, evidence, ending),
  };
}

function listNamed(id: string, lists: readonly List[]): List {
  const found = lists.find((one) => one.id === id);
  if (found !== undefined) return found;
  const meant = nearest(
    id,
    lists.map((one) => one.id),
  );
  throw new UsageError(
    `no list is called "${id}". ${meant === null ? "`fencepost catalogue list --lists` shows them." : `Did you mean ${meant}?`}`,
  );
}

/** Our domains, our mailers' names, and the address itself. */
function oursIn(site: Site | null, address: IpAddress): (domain: string) => boolean {
  const lookup = site === null ? null : siteLookup(site);
  return (text) => {
    const read = parseMailDomain(text);
    if (!read.ok) return false;
    if (read.value.kind === "literal" && sameIp(read.value.address, address)) return true;
    return lookup?.endsWithUs(read.value) === true;
  };
}

type Outcome = Pick<DisputeDocument, "verdict" | "because" | "replayed">;

async function replay(
  request: DisputeRequest,
  witnesses: readonly Witness[],
  ports: DisputePorts,
  signal: AbortSignal,
): Promise<Outcome> {
  if (witnesses.length === 0)
    return {
      verdict: "nothing-to-replay",
      because: "the evidence tells of no session: no RCPT TO, and no Received field with the recipient of a stranger",
      replayed: [],
    };
  const { site, siteFile, catalogue, vantage, catcher, waitMs, address } = request;
  const replayed: DisputeDocument["replayed"] = [];
  try {
    for await (const event of checkTask(
      {
        targets: [formatIp(address)],
        site,
        siteFile,
        catalogue,
        profile: "full",
        probes: [],
        witnesses,
        sources: [],
        vantage,
        catcher,
        authorisation: null,
        maxMessages: 10,
        waitMs,
        patient: false,
        deadlineMs: null,
        clientCertificate: null,
        concurrency: 4,
      },
      ports,
      signal,
    ))
      if (event.kind === "step") {
        const { verdict, because, target } = event.step.result;
        replayed.push({ subject: `${target.address} port ${target.port}`, verdict, because });
      }
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Unavailable)) throw error;
    return { verdict: "could-not-replay", because: error.message, replayed };
  }
  const open = replayed.find(({ verdict }) => verdict === "open" || verdict === "suspect");
  if (open !== undefined) return { verdict: "reproduced", because: `${open.subject}: ${open.because}`, replayed };
  const silent = replayed.every(({ verdict }) => verdict === "inconclusive" || verdict === "unreachable");
  return silent
    ? { verdict: "could-not-replay", because: replayed[0]?.because ?? "nothing was tested", replayed }
    : {
        verdict: "not-reproduced",
        because: `${witnesses.length} of their sessions were replayed, and refused`,
        replayed,
      };
}

function letterTo(
  site: Site | null,
  list: List,
  subject: string,
  evidence: string,
  { verdict, because, replayed }: Outcome,
): DisputeDocument["letter"] {
  const tester = site?.contacts.tester ?? null;
  const lines = [
    `${list.name} (${list.operator}) says that ${subject} still relays. Our tester says otherwise:`,
    "",
    `  ${verdict}: ${because}`,
    ...replayed.map((one) => `  ${one.subject}: ${one.verdict} (${one.because})`),
    "",
    "What they sent is below. If it holds a test that the tester does not know, it should learn it.",
    "",
    ...evidence
      .slice(0, maxKept)
      .split(/\r?\n/)
      .map((line) => `> ${line}`),
    "",
  ];
  return {
    to: tester === null ? "whoever keeps your tester (contacts.tester in site.yaml)" : formatMailbox(tester),
    subject: `${subject}: ${list.name} finds open what our tester calls closed`,
    body: lines.join("\n"),
  };
}
