/** Whether this machine can test at all: one line a thing that a test rests on, each with what to do about it. */
import type { CatalogueRead } from "../knowledge/catalogue.ts";
import { formatIp, type IpAddress, isLoopback, isPrivate, isUnspecified, sameIp } from "../net/ip.ts";
import {
  type Clock,
  ConnectionLost,
  DialError,
  type Dialer,
  type Endpoint,
  ListenError,
  type Listener,
  type Random,
  type Resolver,
} from "../ports.ts";
import { type DoctorLine, type DoctorResult, exampleDomain } from "../report/results/doctor.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { leadsTo, neededRecords, zoneText } from "./catcher-records.ts";
import { catalogueLine, familyLine, nodeLine, ok, problem, siteLine, storeLine, unknown } from "./doctor-lines.ts";
import { spfAnswer } from "./spf.ts";
import { addressesOf } from "./targets.ts";

export interface DoctorOptions {
  readonly site: Site | null;
  readonly siteFile: string | null;
  /** The version of Node that runs this: `24.3.0`. */
  readonly node: string;
  readonly catalogue: CatalogueRead;
  /** From the command line, in place of what the site file says. */
  readonly catchListen: Endpoint | null;
  readonly catchDomain: string | null;
  /** Addresses to test from; none: those of this machine. */
  readonly sources: readonly IpAddress[];
  /** The addresses of this machine's interfaces. */
  readonly interfaces: readonly IpAddress[];
}

export interface DoctorPorts {
  readonly resolver: Resolver;
  readonly listener: Listener;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
  /** What came of opening the store and writing to it. `file` is null with `--no-store`. */
  readonly store: { readonly file: string | null; readonly failure: string | null };
  /** Who listens there, if that can be told. */
  readonly occupant: (on: Endpoint) => Promise<string | null>;
}

/** How long the control host may take to greet (RFC 5321 §4.5.3.2.1 allows five minutes; a person waits here). */
const greetingMs = 15_000;

/** More source addresses than anybody tests from. */
const maxSources = 8;

export async function doctor(options: DoctorOptions, ports: DoctorPorts, signal: AbortSignal): Promise<DoctorResult> {
  const { site } = options;
  const { resolver } = ports;
  const listen = options.catchListen ?? site?.catcher?.listen ?? null;
  const domain = options.catchDomain ?? site?.catcher?.domain ?? null;
  const senderDomain = site?.catcher?.senderDomain ?? domain;
  const sources = sourcesOf(options);
  const catcher = catcherAddressesOf(site, listen, sources);
  const label = (): string => `fp-${Buffer.from(ports.random.bytes(8)).toString("hex")}`;

  const honest = await resolverLine(resolver, label(), signal);
  const names = await sourceLines(sources, senderDomain, resolver, signal);
  const lines = [
    nodeLine(options.node),
    catalogueLine(options.catalogue),
    storeLine(ports.store),
    siteLine(site, options.siteFile),
    honest,
    await catcherPortLine(listen, ports),
    ...(await catchDomainLines(domain, label(), catcher, honest.state === "ok", options, resolver, signal)),
    ...vantageLines(sources, site),
    ...names,
    await controlLine(site, ports, signal),
    familyLine(site, sources),
  ];

  const addresses = catcher.length > 0 || domain !== null ? catcher : sources.filter(isPublic);
  const needed = await neededRecords(
    {
      domain: domain ?? exampleDomain,
      senderDomain: senderDomain ?? exampleDomain,
      backupDomain: site?.catcher?.backupDomain ?? null,
      addresses,
      sources: sources.filter(isPublic).slice(0, maxSources),
      targetHost: site?.mailers[0]?.host ?? null,
    },
    label(),
    resolver,
    signal,
  );
  // An SPF record that covers the sources in words of its own need not be replaced.
  const spf = names.filter(({ id }) => id === "sender-spf");
  const covered = spf.length > 0 && spf.every(({ state }) => state === "ok");
  const records = needed.map((record) =>
    covered && record.type === "TXT" ? { ...record, state: "present" as const } : record,
  );
  return {
    schema: "fencepost/doctor/1",
    verdict: lines.some(({ state }) => state === "problem") ? "problem" : "ok",
    lines,
    records,
    zone: zoneText(records),
  };
}

const isPublic = (address: IpAddress): boolean =>
  !isPrivate(address) && !isLoopback(address) && !isUnspecified(address);

/** Where tests come from: what was named, or the addresses of this machine. */
function sourcesOf({ sources, interfaces }: DoctorOptions): readonly IpAddress[] {
  if (sources.length > 0) return sources;
  const linkLocal = ({ family, bits }: IpAddress): boolean => family === 6 && bits >> 118n === 0xfe80n >> 6n;
  return interfaces.filter((address) => !isLoopback(address) && !linkLocal(address));
}

/** What others reach the catcher by. */
function catcherAddressesOf(
  site: Site | null,
  listen: Endpoint | null,
  sources: readonly IpAddress[],
): readonly IpAddress[] {
  const named = site?.catcher?.addresses ?? [];
  if (named.length > 0 || listen === null) return named;
  if (!isUnspecified(listen.address)) return [listen.address];
  return sources.filter((address) => isPublic(address) && address.family === listen.address.family);
}

/** Asks for a name that cannot exist (RFC 2606 §2): some resolvers answer with a page of advertisements. */
async function resolverLine(resolver: Resolver, label: string, signal: AbortSignal): Promise<DoctorLine> {
  const name = `${label}.invalid`;
  const answer = await resolver.a(name, signal);
  switch (answer.kind) {
    case "nxdomain":
    case "nodata":
      return ok("resolver", "the resolver answers, and says so when a name does not exist");
    case "answer":
      return problem(
        "resolver",
        `the resolver rewrites answers: ${name}, which cannot exist, is at ${answer.records.map(formatIp).join(", ")}`,
        "Use one that does not: --resolver ADDR, or a resolver of your own.",
      );
    case "failed":
      return problem(
        "resolver",
        `the resolver does not answer (${answer.cause})`,
        "Look at /etc/resolv.conf, or name a DNS server with --resolver ADDR.",
      );
  }
}

const listenAdvice = {
  "in-use": "End it while you test, give the catcher an address of its own, or test from another machine.",
  "not-ours":
    "Name an address of this machine as catcher.listen; behind NAT that is the private one, and catcher.address is the public one.",
  "not-permitted": "Run as root, or allow it: sysctl net.ipv4.ip_unprivileged_port_start=25.",
  other: "Choose another address or port.",
} as const satisfies Record<ListenError["reason"], string>;

async function catcherPortLine(listen: Endpoint | null, { listener, occupant }: DoctorPorts): Promise<DoctorLine> {
  if (listen === null)
    return problem(
      "catcher-port",
      "nobody says where the catcher listens",
      'Set catcher.listen in site.yaml, such as "0.0.0.0:25", or use --catch-listen ADDR:PORT.',
    );
  const note = listen.port === 25 ? "" : "; mail from the Internet comes to port 25, so something must pass it on";
  try {
    const listening = await listener.listen(listen, async (connection) => connection.close());
    await listening[Symbol.asyncDispose]();
    return ok("catcher-port", `the catcher can listen on ${formatIp(listen.address)} port ${listen.port}${note}`);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const who = error.reason === "in-use" ? await occupant(listen) : null;
    return problem(
      "catcher-port",
      `the catcher cannot listen: ${error.message}${who === null ? "" : `, ${who}`}`,
      listenAdvice[error.reason],
    );
  }
}

async function catchDomainLines(
  domain: string | null,
  label: string,
  catcher: readonly IpAddress[],
  honest: boolean,
  { site, siteFile }: DoctorOptions,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly DoctorLine[]> {
  if (domain === null)
    return [
      problem(
        "catch-domain",
        "no catch domain is named: a relay can be proved, but never that there is none",
        "Choose a domain outside the site's own, create the records below, and name it as catcher.domain in site.yaml or with --catch-domain.",
      ),
    ];
  const ours = site?.domains.find(({ name }) => domain === name || domain.endsWith(`.${name}`));
  if (ours !== undefined)
    return [
      problem(
        "catch-domain",
        `the catch domain ${domain} lies in ${ours.name}, a domain of ${siteFile ?? "the site"}: mail to it proves nothing`,
        "Use a domain that no mailer of the site serves.",
      ),
    ];
  const lines = [ok("catch-domain", `the catch domain is ${domain}`)];
  const unreached = catcher.filter((address) => !isPublic(address));
  if (catcher.length === 0 || unreached.length > 0) {
    const where =
      catcher.length === 0 ? "is not known" : `${unreached.map(formatIp).join(", ")} is not known to the Internet`;
    lines.push(
      unknown(
        "catcher-address",
        `the address by which others reach the catcher ${where}`,
        "Name it as catcher.address in site.yaml. A mailer in the same network may do without.",
      ),
    );
  }
  if (catcher.length === 0) return lines;
  if (!honest)
    return [
      ...lines,
      unknown(
        "catch-mx",
        "the resolver's answers cannot be trusted",
        "Mend the resolver first, or name another with --resolver.",
      ),
    ];
  const at = catcher.map(formatIp).join(", ");
  for (const [id, asked, what, verb] of [
    ["catch-mx", domain, domain, "has"],
    ["catch-wildcard", `${label}.${domain}`, `names below ${domain}`, "have"],
  ] as const) {
    const { host, exchanges } = await leadsTo(asked, catcher, resolver, signal);
    if (host !== null) lines.push(ok(id, `mail for ${what} is led to the catcher (${host})`));
    else if (exchanges === null)
      lines.push(
        unknown(
          id,
          `the DNS question for the MX records of ${what} failed`,
          "Ask again, or another DNS server with --resolver.",
        ),
      );
    else {
      const found =
        exchanges.length === 0
          ? `${what} ${verb} no MX record`
          : `mail for ${what} is led to ${exchanges.slice(0, 3).join(", ")}`;
      lines.push(problem(id, `${found}, and nothing leads to the catcher at ${at}`, "Create the records below."));
    }
  }
  return lines;
}

/** Only a stranger's view can call a mailer open or closed to strangers. */
function vantageLines(sources: readonly IpAddress[], site: Site | null): readonly DoctorLine[] {
  const seen = sources.filter(isPublic);
  if (seen.length === 0) {
    const which =
      sources.length === 0
        ? "this machine has no address but loopback"
        : `tests come from ${sources.map(formatIp).join(", ")}, a private address, so what others see cannot be told from here`;
    return [
      unknown(
        "vantage",
        which,
        "If you know the address that others see, look at its reverse DNS and SPF by hand, and tell check with --vantage from where it tests.",
      ),
    ];
  }
  const lookup = site === null ? null : siteLookup(site);
  const inside = (address: IpAddress): boolean =>
    lookup !== null && (lookup.isOurAddress(address) || lookup.mailerAt(address) !== null);
  const outside = seen.filter((address) => !inside(address));
  if (outside.length > 0)
    return [ok("vantage", `tests can come from ${outside.map(formatIp).join(", ")}, outside the site's networks`)];
  return [
    problem(
      "vantage",
      `${seen.map(formatIp).join(", ")}: inside the site's own networks, from where no test can say open or closed to strangers`,
      "Test from a machine outside, or from an address outside with --source.",
    ),
  ];
}

/** What a mailer can hold against us: no names, or a sender that may not send from here. */
async function sourceLines(
  sources: readonly IpAddress[],
  senderDomain: string | null,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly DoctorLine[]> {
  const lines: DoctorLine[] = [];
  for (const address of sources.filter(isPublic).slice(0, maxSources)) {
    lines.push(await reverseLine(address, resolver, signal));
    if (senderDomain !== null) lines.push(await spfLine(senderDomain, address, resolver, signal));
  }
  // A record that is missing is missing for every address.
  return lines.filter(({ says }, at) => lines.findIndex((line) => line.says === says) === at);
}

async function reverseLine(address: IpAddress, resolver: Resolver, signal: AbortSignal): Promise<DoctorLine> {
  const text = formatIp(address);
  const names = await resolver.ptr(address, signal);
  if (names.kind === "failed")
    return unknown(
      "reverse-dns",
      `the DNS question for the name of ${text} failed (${names.cause})`,
      "Ask again later.",
    );
  if (names.kind !== "answer")
    return problem(
      "reverse-dns",
      `${text} has no reverse name: many mailers refuse such clients, whatever they ask`,
      "Create the PTR record below, at whoever gave you the address.",
    );
  const name = (names.records[0] ?? "").replace(/\.$/, "");
  const forward = await addressesOf(name, resolver, signal);
  if (forward.some((one) => sameIp(one, address))) return ok("reverse-dns", `${text} is ${name}, and back`);
  return problem(
    "reverse-dns",
    `${text} is ${name}, but ${name} is not ${text}`,
    `Give ${name} the address ${text}, or change the PTR record.`,
  );
}

async function spfLine(
  domain: string,
  address: IpAddress,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<DoctorLine> {
  const text = formatIp(address);
  const answer = await spfAnswer(domain, address, resolver, signal);
  switch (answer) {
    case "pass":
      return ok("sender-spf", `the SPF record of ${domain} lets ${text} send`);
    case "unknown":
    case "temperror":
      return unknown(
        "sender-spf",
        `whether the SPF record of ${domain} lets ${text} send could not be found out`,
        "Look at the record by hand.",
      );
    case "none":
      return problem(
        "sender-spf",
        `${domain} has no SPF record: refusals may be about the sender`,
        "Create the TXT record below.",
      );
    default:
      return problem(
        "sender-spf",
        `the SPF record of ${domain} does not let ${text} send (${answer})`,
        `Add ip${address.family}:${text} to it.`,
      );
  }
}

/** One connection to a listener that consents to it: does this network let port 25 out? */
async function controlLine(
  site: Site | null,
  { dialer, resolver }: DoctorPorts,
  signal: AbortSignal,
): Promise<DoctorLine> {
  const control = site?.check.control ?? null;
  const howTo = "Name a listener elsewhere, with its owner's consent, as check.control in site.yaml.";
  if (control === null)
    return unknown("port-25", "whether this network lets port 25 out cannot be told without a control host", howTo);
  const name = control.host.kind === "name" ? control.host.name : formatIp(control.host.address);
  const addresses =
    control.host.kind === "address" ? [control.host.address] : await addressesOf(control.host.name, resolver, signal);
  if (addresses.length === 0) return problem("port-25", `the control host ${name} has no address in DNS`, howTo);
  let last = "";
  for (const address of addresses) {
    const failure = await greeted({ address, port: control.port }, dialer, signal);
    if (failure === null)
      return ok("port-25", `${name} port ${control.port} answers: this network lets port ${control.port} out`);
    last = failure;
  }
  return problem(
    "port-25",
    `the control host ${name} cannot be reached: ${last}`,
    `If it is up, this network blocks port ${control.port}: test from another one.`,
  );
}

/** Why no mailer greeted there, or null if one did. */
async function greeted(to: Endpoint, dialer: Dialer, signal: AbortSignal): Promise<string | null> {
  try {
    await using connection = await dialer.connect(to, { timeoutMs: greetingMs }, signal);
    const bytes = await connection.read(AbortSignal.any([signal, AbortSignal.timeout(greetingMs)]));
    if (bytes === null) return "it closed the connection without a greeting";
    const greeting = Buffer.from(bytes).toString("latin1");
    return greeting.startsWith("220") ? null : `it does not greet as a mailer does: ${greeting.slice(0, 60)}`;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DialError || error instanceof ConnectionLost) return error.message;
    if (error instanceof DOMException && error.name === "TimeoutError") return "it took the connection and kept silent";
    throw error;
  }
}
