/** The packets that must be stopped and those that must pass, as conditions on all packets of one crossing. */
import type { IpSet } from "../net/ip-set.ts";
import type { Compiled } from "./compile.ts";
import { type Diagram, no } from "./diagram.ts";
import type { Addresses, Asked, Match } from "./model.ts";
import { protocolNumbers, tcpFlags } from "./packet.ts";
import { smtpPort, type Wanted } from "./wanted.ts";

export interface Judged {
  /** Must be stopped: each would open a session. */
  readonly stop: Diagram;
  /** The same, of sessions that are open already: only noted. */
  readonly stopLater: Diagram;
  /** The same, behind an IPv6 extension header: only noted. */
  readonly stopExtended: Diagram;
  /** Must pass: all packets of the sessions of managed mailers. */
  readonly pass: Diagram;
  /** All that the filter is about; every other packet must fare as before. */
  readonly ours: Diagram;
}

const flag = (name: (typeof tcpFlags)[number]): number => 1 << tcpFlags.indexOf(name);
const ports = (first: number, last = first) => [{ first, last }];

/** The first packet of a session (RFC 9293 §3.5). */
const opening = {
  flags: [{ mask: 0b111111, value: flag("syn") }],
  states: ["new"],
} as const satisfies Match;

/** Every later one. */
const later = {
  flags: [
    { mask: flag("ack") | flag("syn") | flag("rst"), value: flag("ack") },
    { mask: flag("ack") | flag("syn") | flag("rst"), value: flag("ack") | flag("syn") },
  ],
  states: ["established"],
} as const satisfies Match;

/** What a client side chooses from (RFC 6056 §3.2). */
const clientPorts = ports(1024, 65535);

const whole = { protocols: ports(protocolNumbers.tcp), laterFragment: false, extended: false } as const;

/** From this client to a server's port 25. */
const request = (source: IpSet, destination: IpSet): Match => ({
  ...whole,
  source: plain(source),
  destination: plain(destination),
  sourcePorts: clientPorts,
  destinationPorts: ports(smtpPort),
});

/** From a server's port 25 back to the client. */
const answer = (source: IpSet, destination: IpSet): Match => ({
  ...whole,
  source: plain(source),
  destination: plain(destination),
  sourcePorts: ports(smtpPort),
  destinationPorts: clientPorts,
  ...later,
});

const plain = (set: IpSet): Addresses => ({ set, masked: [] });

/** From sources to destinations, but for what matches an exception: taking it away costs less in a diagram than in a set. */
interface Flow {
  readonly source: IpSet;
  readonly destination: IpSet;
  readonly but?: Match;
}

interface Flows {
  readonly stop: readonly Flow[];
  readonly pass: readonly Flow[];
  readonly answers: readonly Flow[];
}

/** Coming in: strangers to the site, and the answers to its own sessions. */
function incoming({ inside, mailers, reachable, strangers, senders }: Wanted): Flows {
  return {
    stop: [
      { source: strangers, destination: inside, but: { destination: plain(mailers) } },
      ...reachable.flatMap(({ mailers: some, from }) =>
        from === null ? [] : [{ source: strangers, destination: some, but: { source: plain(from) } }],
      ),
    ],
    pass: reachable.map(({ mailers: some, from }) => ({ source: from ?? strangers, destination: some })),
    answers: [{ source: strangers, destination: senders ?? inside }],
  };
}

/** Going out. */
function outgoing({ inside, reachable, strangers, senders }: Wanted): Flows {
  return {
    stop: senders === null ? [] : [{ source: inside, destination: strangers, but: { source: plain(senders) } }],
    pass: [{ source: senders ?? inside, destination: strangers }],
    answers: reachable.map(({ mailers, from }) => ({ source: mailers, destination: from ?? strangers })),
  };
}

export function judgedOf(wanted: Wanted, asked: Asked, compiled: Compiled): Judged {
  const { diagrams } = compiled;
  const flows = asked.direction === "in" ? incoming(wanted) : outgoing(wanted);
  const requests = (all: readonly Flow[], parts: readonly Match[]): Diagram =>
    all.reduce<Diagram>((sum, { source, destination, but }) => {
      const any = parts.reduce<Diagram>(
        (some, part) => diagrams.or(some, compiled.match({ ...request(source, destination), ...part })),
        no,
      );
      return diagrams.or(sum, but === undefined ? any : diagrams.minus(any, compiled.match(but)));
    }, no);
  const answers = flows.answers.reduce<Diagram>(
    (sum, { source, destination }) => diagrams.or(sum, compiled.match(answer(source, destination))),
    no,
  );
  const about = asked.direction === "in" ? { destination: plain(wanted.inside) } : { source: plain(wanted.inside) };
  return {
    stop: requests(flows.stop, [opening]),
    stopLater: requests(flows.stop, [later]),
    stopExtended: requests(flows.stop, [{ ...opening, extended: true }]),
    pass: diagrams.or(requests(flows.pass, [opening, later]), answers),
    ours:
      asked.direction === "out" && wanted.senders === null
        ? no
        : compiled.match({ protocols: ports(protocolNumbers.tcp), destinationPorts: ports(smtpPort), ...about }),
  };
}
