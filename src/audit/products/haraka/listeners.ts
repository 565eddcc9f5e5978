/** Where Haraka listens (smtp.ini), whose word about clients it takes (PROXY, XCLIENT), and the hooks behind. */

import { formatIp, type IpAddress, isUnspecified, parseIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { parsePrefix } from "../../../net/prefix.ts";
import type { Span } from "../../../text/source.ts";
import { isPrivateDoor, loopback } from "../../grounds.ts";
import type {
  Condition,
  Listener,
  Program,
  Recipient,
  RecipientEnd,
  Session,
  Stage,
  Step,
  TextField,
  Unknown,
} from "../../rules.ts";
import { sessionText } from "../../session-text.ts";
import { readAddress } from "./address.ts";
import { type ConfigFolder, isTrue } from "./files.ts";
import { type Policy, recipientSteps, relayingOf } from "./policy.ts";

interface Place {
  readonly address: IpAddress | null;
  readonly port: number;
  readonly where: Span | null;
}

export function listenersOf(folder: ConfigFolder, policy: Policy, gaps: readonly Unknown[]): readonly Listener[] {
  const recipient = recipientReader(policy);
  const impersonators = impersonatorsOf(folder, policy);
  const runs = (kind: string): boolean => policy.plugins.some((one) => one.kind === kind);
  const logins = policy.plugins.filter(({ kind }) => kind === "auth" || kind === "believes");
  return placesOf(folder).map(({ address, port, where }): Listener => {
    const submission = port === 587 || port === 465;
    return {
      name: `${address === null ? "*" : formatIp(address)} port ${port}`,
      address,
      port,
      role: isPrivateDoor(address) ? "internal" : submission ? "submission" : "mx",
      tls: !runs("tls") ? "none" : port === 465 ? "implicit" : "offered",
      offersAuth: logins.length > 0 ? "yes" : "no",
      authBackend: logins.length > 0 ? `the plugin ${logins.map(({ name }) => name).join(", ")}` : null,
      impersonators,
      stages: stagesOf(folder, policy, { address, submission }, gaps),
      recipient,
      recipientSeeds: policy.hostList.seeds.map((name) => `probe@${name}`),
      text: textOf,
      caveats: [],
      where,
    };
  });
}

/** `listen=` and `port=` of smtp.ini; by default port 25 of all addresses. */
function placesOf(folder: ConfigFolder): readonly Place[] {
  const ini = folder.ini("smtp.ini");
  const places: Place[] = [];
  const listen = ini.get("main", "listen");
  for (const text of listen?.value.split(/\s*,\s*/) ?? []) {
    const place = placeOf(text);
    if (place !== null) places.push({ ...place, where: listen?.where ?? null });
  }
  const port = ini.get("main", "port");
  if (port !== null && /^\d+$/.test(port.value)) {
    const host = ini.get("main", "listen_host")?.value ?? "[::0]";
    places.push({ address: addressOf(host), port: Number(port.value), where: port.where });
  }
  if (places.length === 0) places.push({ address: null, port: 25, where: null });
  const seen = new Set<string>();
  return places.filter(({ address, port: one }) => {
    const key = `${address === null ? "" : formatIp(address)} ${one}`;
    return !seen.has(key) && seen.add(key);
  });
}

function placeOf(text: string): { readonly address: IpAddress | null; readonly port: number } | null {
  const parts = /^(?:\[([^\]]+)\]|([\w.-]+))(?::(\d+))?$/.exec(text) ?? /^()():?(\d+)$/.exec(text);
  if (parts === null) return null;
  return { address: addressOf(parts[1] || parts[2] || "::"), port: Number(parts[3] ?? 25) };
}

/** `null`: all addresses, or those of a name that only the machine knows. */
function addressOf(text: string): IpAddress | null {
  const read = parseIp(text.replace(/^\[(.*)\]$/, "$1").replace("::0", "::"));
  if (text === "localhost") return loopbackAddress();
  return read.ok && !isUnspecified(read.value) ? read.value : null;
}

function loopbackAddress(): IpAddress | null {
  const read = parseIp("127.0.0.1");
  return read.ok ? read.value : null;
}

function impersonatorsOf(folder: ConfigFolder, policy: Policy): Listener["impersonators"] {
  const connection = folder.ini("connection.ini");
  const enabled = isTrue(connection.get("haproxy", "enabled")?.value ?? "true");
  const hosts = [
    ...(enabled ? connection.all("haproxy", "hosts") : []),
    // Until 3.1 the proxies had a file of their own.
    ...folder.list("haproxy_hosts").map(({ text, where }) => ({ value: text, where })),
  ].filter(({ value }) => value !== "");
  const proxies = setOf(hosts.map(({ value }) => value));
  if (!proxies.isEmpty) return { set: proxies, by: "proxy", where: hosts[0]?.where ?? null };
  if (!policy.plugins.some(({ kind }) => kind === "xclient")) return null;
  const lines = folder.list("xclient.hosts");
  const set = setOf(lines.map(({ text }) => text).filter((text) => !text.includes("/"))).subtract(loopback);
  return set.isEmpty ? null : { set, by: "xclient", where: lines[0]?.where ?? null };
}

function setOf(texts: readonly string[]) {
  return ipSet(
    texts.flatMap((text) => {
      const read = parsePrefix(text.replace(/^\[([^\]]+)\]/, "$1"));
      return read.ok ? [read.value] : [];
    }),
  );
}

function stagesOf(
  folder: ConfigFolder,
  policy: Policy,
  { address, submission }: { readonly address: IpAddress | null; readonly submission: boolean },
  gaps: readonly Unknown[],
): readonly Stage[] {
  const { test: relaying } = relayingOf(policy);
  const refusing = (at: Stage["at"], says: string, test: (session: Session) => boolean, where: Span | null): Stage => {
    const when: Condition = { kind: "computed", says, test: (session) => (test(session) ? "yes" : "no") };
    const steps: readonly Step[] = [{ kind: "rule", says, when, does: { kind: "refuse" }, where }];
    return { at, program: { name: says, steps, end: "permit", where } };
  };
  const stages: Stage[] = [];
  if (address?.family === 4)
    stages.push(refusing("connect", "takes IPv4 only", ({ client }) => client.address.family === 6, null));
  if (submission)
    stages.push(refusing("mail", "Authentication required", (session) => relaying(session) === "no", null));
  const sender = ({ reversePath }: Session) => readAddress(reversePath);
  stages.push(refusing("mail", "Invalid MAIL FROM address", (session) => sender(session) === null, null));
  const lists = policy.plugins.find(({ kind }) => kind === "in-host-list");
  const guarded = folder.list("host_list.anti_spoof")[0];
  if (lists !== undefined && guarded !== undefined && isTrue(guarded.text))
    stages.push(
      refusing(
        "mail",
        "host_list.anti_spoof",
        (session) => relaying(session) === "no" && policy.hostList.test(sender(session)?.host ?? "") === "yes",
        guarded.where,
      ),
    );
  if (policy.forward.checksSender)
    stages.push(
      refusing(
        "mail",
        "smtp_forward.ini check_sender",
        (session) => relaying(session) === "no" && policy.forwarded.has(sender(session)?.host ?? ""),
        null,
      ),
    );
  const unclear = gaps.slice(0, 5).map(
    (because): Step => ({
      kind: "rule",
      says: because.unknown,
      when: { kind: "always" },
      does: { kind: "unknown", because },
      where: because.where,
    }),
  );
  const rules: Program = { name: "rcpt", steps: [...unclear, ...recipientSteps(policy)], end: "refuse", where: null };
  return [...stages, { at: "rcpt", program: rules }];
}

/** Domains of the lists end where the queue hands them; for all others DNS says where. */
function recipientReader(policy: Policy): Listener["recipient"] {
  const queues = policy.plugins.filter(({ name }) => name.startsWith("queue/"));
  const keeps = queues.every(({ name }) => !/^queue\/(?:smtp_|qmail|deliver)/.test(name));
  const inHostList = policy.plugins.some(({ kind }) => kind === "in-host-list");
  const known = new Map<string, Recipient>();
  const read = (path: string): Recipient => {
    const address = readAddress(path);
    if (address === null) return { kind: "refused", why: "Invalid RCPT TO address" };
    const { user, host } = address;
    const listed = inHostList && policy.hostList.test(host) !== "no";
    const destination = policy.destinations?.get(host);
    const routed = policy.forward.checksRecipient ? policy.forwarded.get(host) : undefined;
    const end: RecipientEnd =
      host === "" || (listed && keeps)
        ? "local"
        : listed || destination !== undefined || routed !== undefined
          ? "listed"
          : "outside";
    return {
      kind: "address",
      localPart: user,
      domain: host,
      end,
      where: (listed ? policy.hostList.where(host) : null) ?? destination?.where ?? routed ?? null,
      routed: false,
      exists: "yes",
      onward: null,
    };
  };
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    if (known.size > 20_000) known.clear();
    const made = read(path);
    known.set(path, made);
    return made;
  };
}

function textOf(session: Session, field: TextField): string | null {
  const sender = readAddress(session.reversePath);
  const recipient = readAddress(session.forwardPath);
  return sessionText(session, field, {
    sender: sender === null ? null : { address: `${sender.user}@${sender.host}`, domain: sender.host },
    recipient: recipient === null ? null : { localPart: recipient.user, domain: recipient.host },
  });
}
