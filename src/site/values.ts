/** The words of `site.yaml`: schemas of single values, each text turned into its parsed type by the parser that owns it. */
import { z } from "zod";
import { parseDomain, parseDomainPattern } from "../net/domain.ts";
import { type HostPort, parseHostPort } from "../net/host-port.ts";
import { type IpAddress, parseIp } from "../net/ip.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../net/prefix.ts";
import { parseMailbox } from "../smtp/path.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import { parseMailRoute } from "./mail-route.ts";

/**
 * A text that `parse` reads. `description` finishes the sentence "expected …", in errors as in an editor that uses the
 * JSON Schema.
 */
function read<T>(description: string, parse: (text: string) => Parsed<T>, show = shorten) {
  return z
    .string()
    .meta({ description })
    .transform((text, context): T => {
      const value = parse(text);
      if (value.ok) return value.value;
      context.addIssue({ code: "custom", message: `${show(text)}: ${value.expected}` });
      return z.NEVER;
    });
}

/** Text of a person, shortened so that an error stays one line. */
export function shorten(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f-\x9f]+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

export const domainName = read("a domain name, such as ourcollege.ac.uk", parseDomain);

export const domainPattern = read(
  "a domain name, such as ourcollege.ac.uk, or *.ourcollege.ac.uk for all below it",
  parseDomainPattern,
);

export const ipAddress = read("an IP address, such as 192.0.2.25", parseIp);

export const prefix = read("a prefix, such as 192.0.2.0/24 or 2001:db8:25::/48", parsePrefix);

/** A prefix of the site's own; a slip here would trust half the Internet, so wide ones are refused. */
export const network = read("a prefix, such as 192.0.2.0/24 or 2001:db8:25::/48", (text): Parsed<Prefix> => {
  const network = parsePrefix(text);
  if (!network.ok) return network;
  const widest = network.value.address.family === 4 ? 8 : 19;
  if (network.value.length >= widest) return network;
  return notParsed(
    text.indexOf("/"),
    `every client in ${formatPrefix(network.value)} would count as internal. List only your own networks (/${widest} or longer)`,
  );
});

export const mailbox = read("a mail address, such as postmaster@ourcollege.ac.uk", parseMailbox);

/** A host with a port, 25 if none is written. */
export const server = read(
  "a host and port, such as mx.nren.example:25",
  (text): Parsed<HostPort & { port: number }> => {
    const server = parseHostPort(text);
    return server.ok ? parsed({ host: server.value.host, port: server.value.port ?? 25 }) : server;
  },
);

export interface ListenAddress {
  readonly address: IpAddress;
  readonly port: number;
}

export const listenAddress = read("an address and port, such as 0.0.0.0:25", (text): Parsed<ListenAddress> => {
  const listen = parseHostPort(text);
  if (!listen.ok) return listen;
  const { host, port } = listen.value;
  if (host.kind === "name") return notParsed(0, "expected an address of this machine, such as 0.0.0.0:25 or [::]:25");
  return parsed({ address: host.address, port: port ?? 25 });
});

export const submitRoute = read(
  "smtp://user@host:587 or smtps://user@host",
  (text) => parseMailRoute(text, ["smtp", "smtps"]),
  withoutPassword,
);

export const readRoute = read("imaps://user@host", (text) => parseMailRoute(text, ["imap", "imaps"]), withoutPassword);

/** Errors end up in terminals, logs and tickets. */
function withoutPassword(url: string): string {
  return shorten(url.replace(/:[^/]*@/, ":…@"));
}

export const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
  .meta({ description: "a short name of letters, digits, dots and hyphens, such as mx1" });

export const fileName = z.string().min(1).max(4096).meta({ description: "a file name" });
