/** `fencepost guard proxy`: an SMTP proxy in front of any mailer. */
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Identity, identities } from "../../guard/proxy/upstream.ts";
import { readText, UnreadableFile } from "../../io/files.ts";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import { type Host, type HostPort, parseHostPort } from "../../net/host-port.ts";
import { type IpAddress, parseIp, sameIp } from "../../net/ip.ts";
import { ipSet } from "../../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../../net/prefix.ts";
import type { Listener } from "../../ports.ts";
import type { Site } from "../../site/site.ts";
import { DataError, InputMissing, Unavailable, UsageError } from "../../tasks/errors.ts";
import { type DoorPlace, maxConnections } from "../../tasks/guard.ts";
import { openProxy } from "../../tasks/guard-proxy.ts";
import { addDoorOptions, type DoorOptions, runDoor } from "../guard-door.ts";
import { realPorts, siteAtHand } from "../surroundings.ts";

interface ProxyOptions extends DoorOptions {
  readonly upstream: HostPort & { readonly port: number };
  readonly certificate?: string;
  readonly key?: string;
  readonly send: Identity;
  readonly acceptProxy?: readonly Prefix[];
  readonly acceptXclient?: readonly Prefix[];
}

const examples = `
Examples:
  $ fencepost guard proxy --listen 192.0.2.25:25 --upstream 127.0.0.1:2525
  $ fencepost guard proxy --listen '[::]:25' --listen 0.0.0.0:25 --upstream mailer:25 \\
      --certificate mx.crt --key mx.key
  $ fencepost guard proxy --listen 0.0.0.0:25 --upstream 10.1.1.2:25 --send proxy2 --accept-proxy 10.1.1.1

The mailer moves to another port or address, and listens there for the guard alone; Postfix, in main.cf, so that it
sees the real clients:
        smtpd_authorized_xclient_hosts = 127.0.0.1
What the mailer says to a sender, a recipient and a message is what the client hears: nothing is accepted before the
mailer has accepted it. While it is away, mail is put off. Logins are passed on with \`policy: {auth: upstream}\` in the
site file, and only while the mailer refuses a made-up one. The rule, and what reads it again, are as in
\`fencepost guard policy --help\`.
Exit codes: 130 ended by a signal, 64 usage, 66 no such file, 69 the place cannot be listened on, 78 bad site file.`;

export function addGuardProxy(guard: Command): void {
  addDoorOptions(
    guard
      .command("proxy")
      .summary("in front of any mailer: an SMTP proxy")
      .description("Stands in front of a mailer and passes on what the rule permits."),
  )
    .addOption(
      new Option("--upstream <host:port>", "the mailer behind")
        .env("FENCEPOST_UPSTREAM")
        .argParser(upstreamArgument)
        .makeOptionMandatory(),
    )
    .addOption(new Option("--certificate <file>", "offer STARTTLS with this chain (PEM)").env("FENCEPOST_CERTIFICATE"))
    .addOption(new Option("--key <file>", "the certificate's key (PEM)").env("FENCEPOST_KEY"))
    .addOption(
      new Option("--send <how>", "how the mailer learns of the client; xclient if it offers that to the guard")
        .env("FENCEPOST_SEND")
        .choices(identities)
        .default("xclient"),
    )
    .addOption(
      new Option("--accept-proxy <net>", "peers that begin with a PROXY header (repeatable)")
        .env("FENCEPOST_ACCEPT_PROXY")
        .argParser(collectPrefixes),
    )
    .addOption(
      new Option("--accept-xclient <net>", "peers that may say XCLIENT (repeatable)")
        .env("FENCEPOST_ACCEPT_XCLIENT")
        .argParser(collectPrefixes),
    )
    .option("--quiet", "do not say where it listens")
    .addHelpText("after", examples)
    .action(async (options: ProxyOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: ProxyOptions): Promise<number> {
  const listener = await listenerWith(options);
  const address = await addressOf(options.upstream.host);
  const { site } = await siteAtHand(options, () => {});
  const request = {
    listen: options.listen,
    upstream: { address, port: options.upstream.port },
    send: options.send,
    acceptProxy: ipSet(options.acceptProxy ?? []),
    acceptXclient: ipSet(options.acceptXclient ?? []),
    hostName: hostNameFor(site, options.listen),
    startTls: options.certificate !== undefined,
  };
  return runDoor(
    "proxy",
    options,
    ({ house, site: current, log, connections, signal }) => {
      const pressed = (): boolean => connections() > 0.8 * maxConnections;
      const proxy = openProxy(request, house, current, pressed, { ...realPorts, dialer: tcpDialer, log }, signal);
      return { serve: proxy.serve, beside: proxy };
    },
    listener,
  );
}

/** The listener, which offers STARTTLS if it is given a certificate. */
async function listenerWith({ certificate, key }: ProxyOptions): Promise<Listener> {
  if (certificate === undefined && key === undefined) return tcpListener();
  if (certificate === undefined || key === undefined)
    throw new UsageError("STARTTLS needs both --certificate and --key.");
  const [chain, secret] = await Promise.all([pem(certificate), pem(key)]);
  try {
    return tcpListener({ certificate: chain, key: secret, toStrangers: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`${certificate}, ${key}: no certificate and its key in PEM form (${why}).`, { cause: error });
  }
}

async function pem(path: string): Promise<string> {
  try {
    return await readText(path, 1024 * 1024);
  } catch (error) {
    throw error instanceof UnreadableFile ? new InputMissing(error.message, { cause: error }) : error;
  }
}

/** Names are looked up as other programs of this machine do, /etc/hosts included. */
async function addressOf(host: Host): Promise<IpAddress> {
  if (host.kind === "address") return host.address;
  const found = await lookup(host.name).catch((error: unknown) => {
    throw new Unavailable(`${host.name}: the upstream's name has no address. Name an address with --upstream.`, {
      cause: error,
    });
  });
  const read = parseIp(found.address);
  if (!read.ok) throw new Unavailable(`${host.name}: the upstream's address ${found.address} cannot be read.`);
  return read.value;
}

/** The mailer's own name, if the site file tells it: clients see the guard in its place. */
function hostNameFor(site: Site | null, listen: readonly DoorPlace[]): string {
  const mailers = site?.mailers ?? [];
  const here = mailers.find(({ addresses }) =>
    listen.some((place) => "address" in place && addresses.some((address) => sameIp(address, place.address))),
  );
  const only = mailers.length === 1 ? mailers[0] : undefined;
  return here?.host ?? only?.host ?? hostname();
}

function upstreamArgument(text: string): HostPort & { readonly port: number } {
  const read = parseHostPort(text);
  if (!read.ok) throw new InvalidArgumentError("Expected HOST:PORT, such as 127.0.0.1:2525 or mailer:25.");
  return { ...read.value, port: read.value.port ?? 25 };
}

/** One option may name several, with commas, as a variable of the environment has to. */
function collectPrefixes(text: string, before: readonly Prefix[] = []): readonly Prefix[] {
  return [
    ...before,
    ...text.split(",").map((one) => {
      const address = parseIp(one.trim());
      const read = parsePrefix(address.ok ? `${one.trim()}/${address.value.family === 4 ? 32 : 128}` : one.trim());
      if (!read.ok)
        throw new InvalidArgumentError("Expected an address or a network, such as 192.0.2.1 or 10.1.0.0/16.");
      return read.value;
    }),
  ];
}
