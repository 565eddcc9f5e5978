/** One session with a practice mailer: policy for the server loop, made of what the mailer is and what the session was. */
import type { PolicyAnswer, ServerPolicy } from "../dialogue/server.ts";
import { fieldOf, parseHeader } from "../message/header.ts";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import type { Clock, Connection } from "../ports.ts";
import { splitPathAndParameters } from "../smtp/parameters.ts";
import { formatPath, parseMailDomain, type ReversePath, readReversePath } from "../smtp/path.ts";
import { type Reply, reply } from "../smtp/reply.ts";
import { ehloReply, type Question, type SessionOptions, type SessionState } from "../smtp/session.ts";
import { fromWire } from "../text/wire.ts";
import { bounceMessage } from "./bounce.ts";
import type { Outgoing } from "./outgoing.ts";
import { denialOf, type Fate, judgeRecipient, recipientIn } from "./recipient.ts";
import { partsOf } from "./rewriting.ts";
import { receivedLine } from "./trace.ts";
import type { Claims, House, Traits } from "./traits.ts";

/** How long and how often, for the behaviours that take time or count. */
export interface Paces {
  readonly tarpitMs: number;
  readonly greylistMs: number;
  /** How long a mailer that wants a PROXY header waits for one. */
  readonly proxyMs: number;
  readonly banAfter: number;
}

/** What the sessions of one mailer share. */
export interface Mailer {
  readonly house: House;
  readonly traits: () => Traits;
  readonly paces: Paces;
  readonly clock: Clock;
  readonly outgoing: Outgoing;
  /** Greylisting: when a triple was first seen. */
  readonly seen: Map<string, number>;
  /** Refusals by client address. */
  readonly refusals: Map<string, number>;
  readonly nextId: () => string;
  readonly counts: PracticeCounts;
}

export interface PracticeCounts {
  sessions: number;
  accepted: number;
  refused: number;
  messages: number;
}

/** A practice mailer has no disk, and its memory is for many of them. */
const maxBytes = 256 * 1024;
const maxRemembered = 10_000;
const maxHops = 25;

export function sessionOptions({ house, traits }: Mailer, startTls: boolean): SessionOptions {
  const { xclient, keepsRefused } = traits();
  return {
    hostName: house.hostName,
    greeting: "ESMTP Fencepost practice",
    startTls,
    // The session refuses what is not here; whether it is offered now is told in the reply to EHLO.
    mechanisms: traits().believesLogin === undefined ? [] : ["PLAIN", "LOGIN"],
    keywords: [
      "PIPELINING",
      "8BITMIME",
      "ENHANCEDSTATUSCODES",
      ...(xclient === true ? ["XCLIENT NAME ADDR PROTO HELO LOGIN"] : []),
    ],
    maxBytes,
    maxRecipients: 100,
    maxErrors: 30,
    extraVerbs: xclient === true ? ["XCLIENT"] : [],
    ...(keepsRefused === true ? { grantsDataWithoutRecipients: true as const } : {}),
  };
}

interface Transaction {
  readonly reversePath: ReversePath;
  readonly authParameter: string | null;
  readonly fates: Fate[];
  accepted: number;
  local: boolean;
  doubtful: boolean;
}

/** @param claimed another client's address, from a PROXY header that was believed */
export function practicePolicy(mailer: Mailer, connection: Connection, claimed: () => IpAddress | null): ServerPolicy {
  const { house, paces, clock, counts } = mailer;
  const traits = mailer.traits();
  const client = formatIp(connection.peer.address);
  let transaction: Transaction | null = null;
  let spoofed: IpAddress | null = null;
  let spoofedLogin: string | null = null;
  let abandonedLocal = false;
  let messages = 0;
  let content = "";
  counts.sessions += 1;

  const isBanned = (): boolean => traits.bans === true && (mailer.refusals.get(client) ?? 0) >= paces.banAfter;

  function claims(state: SessionState, current: Transaction): Claims {
    return {
      claimed: spoofed ?? claimed(),
      helo: state.helo ?? "",
      reversePath: current.reversePath,
      authParameter: current.authParameter,
      tls: state.tls,
      login: state.authenticated ?? spoofedLogin,
      recipients: current.accepted,
      abandonedLocal,
      messages,
    };
  }

  function onMail(text: string, state: SessionState): Reply {
    if (traits.tlsFirst === true && !state.tls) return reply(530, "5.7.0", "Must issue a STARTTLS command first");
    if (traits.loginFirst === true && state.authenticated === null)
      return reply(530, "5.7.0", "Authentication required");
    const split = splitPathAndParameters(text);
    if (!split.ok) return reply(501, "5.1.7", "Bad sender address syntax");
    const reversePath = readReversePath(fromWire(split.value.path));
    if (reversePath.kind === "malformed") return reply(501, "5.1.7", "Bad sender address syntax");
    // RSET and EHLO end a transaction unseen; a new MAIL shows that one was given up.
    if (transaction?.local === true) abandonedLocal = true;
    const parameter = split.value.parameters.find(({ keyword }) => keyword === "AUTH");
    transaction = {
      reversePath,
      authParameter: parameter?.value ?? null,
      fates: [],
      accepted: 0,
      local: false,
      doubtful: false,
    };
    return reply(250, "2.1.0", "Ok");
  }

  async function onRcpt(text: string, state: SessionState, signal: AbortSignal): Promise<Reply> {
    const answer = recipientReply(text, state);
    if (answer.code >= 400) {
      counts.refused += 1;
      remember(mailer.refusals, client, (mailer.refusals.get(client) ?? 0) + 1);
      if (traits.tarpits === true) await clock.sleep(paces.tarpitMs, signal);
    } else counts.accepted += 1;
    return answer;
  }

  function recipientReply(text: string, state: SessionState): Reply {
    if (isBanned()) return reply(554, "5.7.1", "Client host rejected: banned after too many errors");
    if (traits.blocks !== undefined) return traits.blocks;
    const current = transaction;
    const split = splitPathAndParameters(text);
    if (!split.ok || current === null) return reply(501, "5.1.3", "Bad recipient address syntax");
    const path = fromWire(split.value.path);
    if (traits.greylists === true) {
      const key = `${client} ${formatPath(current.reversePath)} ${path}`;
      const first = mailer.seen.get(key);
      const now = clock.monotonic();
      if (first === undefined) remember(mailer.seen, key, now);
      if (first === undefined || now - first < paces.greylistMs)
        return reply(450, "4.7.1", "Greylisted, try again later");
    }
    const judged = judgeRecipient(path, claims(state, current), house, traits);
    if (judged.kind === "refused") {
      if (traits.keepsRefused === true && judged.fate.kind === "onward") current.fates.push(judged.fate);
      return judged.reply;
    }
    current.fates.push(judged.fate);
    current.accepted += 1;
    current.doubtful ||= judged.doubtful;
    current.local ||= judged.fate.kind === "mailbox";
    return reply(250, "2.1.5", "Ok");
  }

  function onAuth(mechanism: string, lines: readonly string[], state: SessionState): PolicyAnswer {
    const decode = (line: string): string => (line === "=" ? "" : Buffer.from(line, "base64").toString("latin1"));
    const say = (answer: Reply): PolicyAnswer => ({ kind: "reply", reply: answer });
    if (!state.tls) return say(reply(538, "5.7.11", "Encryption required for logging in"));
    const wanted = mechanism === "PLAIN" ? 1 : 2;
    if (lines.length < wanted)
      return say(reply(334, null, mechanism === "PLAIN" ? "" : ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"][lines.length]!));
    const [user = "", password = ""] =
      mechanism === "PLAIN" ? decode(lines[0]!).split("\0").slice(1) : lines.map(decode);
    return traits.believesLogin?.(user, password) === true
      ? {
          kind: "reply",
          reply: reply(235, "2.7.0", "Authentication successful"),
          authenticated: user === "" ? "nobody" : user,
        }
      : say(reply(535, "5.7.8", "Authentication credentials invalid"));
  }

  function onXclient(argument: string): PolicyAnswer {
    for (const attribute of argument.split(" ")) {
      const [name = "", value = ""] = attribute.split("=", 2);
      if (name.toUpperCase() === "LOGIN") spoofedLogin = value;
      if (name.toUpperCase() !== "ADDR") continue;
      const address = parseIp(value.replace(/^ipv6:/i, ""));
      if (!address.ok) return { kind: "reply", reply: reply(501, "5.5.4", "Bad ADDR") };
      spoofed = address.value;
    }
    return { kind: "reply", reply: greeting(), restart: true };
  }

  const greeting = (): Reply => reply(220, null, `${house.hostName} ESMTP Fencepost practice`);

  function onMessage(bytes: number, state: SessionState): Reply {
    const current = transaction;
    transaction = null;
    if (current === null) return reply(503, "5.5.1", "Need MAIL first");
    const end = content.indexOf("\r\n\r\n");
    const header = end < 0 ? content : content.slice(0, end + 2);
    const fields = parseHeader(header);
    if (current.doubtful && (traits.judgesByHeader !== true || !isOurs(fieldOf(fields, "from"))))
      return denialOf("relaying-denied");
    if (fields.filter(({ name }) => name === "received").length > maxHops) return reply(554, "5.4.6", "Too many hops");

    const id = mailer.nextId();
    const onward = current.fates.filter((fate) => fate.kind === "onward");
    if (traits.recipientsFromHeader === true) onward.push(...namedIn(fields, house));
    const trace = receivedLine({
      helo: state.helo ?? "",
      client: connection.peer.address,
      host: house.hostName,
      esmtp: state.esmtp,
      tls: state.tls,
      authenticated: state.authenticated !== null,
      id,
      at: clock.now(),
    });
    const room =
      onward.length === 0 ||
      mailer.outgoing.enqueue({ reversePath: formatPath(current.reversePath), to: onward, content: trace + content });
    if (!room) return reply(452, "4.3.1", "Queue full, try again later");
    const lost = current.fates.filter((fate) => fate.kind === "nowhere");
    if (traits.undeliverable === "bounce" && lost.length > 0) bounce(current.reversePath, lost, header, id);
    messages += 1;
    counts.messages += 1;
    return reply(250, "2.0.0", `Ok, ${bytes} bytes taken as ${id}`);
  }

  function isOurs(from: string | null): boolean {
    const address = /<([^<>]*)>\s*$/.exec(from ?? "")?.[1] ?? from ?? "";
    const domain = parseMailDomain(partsOf(address.trim()).domain ?? "");
    return domain.ok && house.isOwn(domain.value);
  }

  function bounce(
    reversePath: ReversePath,
    lost: readonly { readonly address: string }[],
    header: string,
    id: string,
  ): void {
    // RFC 5321 §4.5.5: a bounce is never bounced.
    if (reversePath.kind !== "mailbox") return;
    const to = recipientIn(formatPath({ ...reversePath, route: [] }).slice(1, -1), house);
    if (to === null) return;
    const message = bounceMessage({
      host: house.hostName,
      id: `B${id}`,
      at: clock.now(),
      to: to.address,
      failed: lost.map(({ address }) => address.replace(/[^\x20-\x7e]/g, "?")),
      header: header.replace(/[^\x09\x0a\x0d\x20-\x7e]/g, "?").slice(0, 16_384),
    });
    mailer.outgoing.enqueue({ reversePath: "<>", to: [to], content: message });
  }

  return {
    async answer(question: Question, state: SessionState, signal: AbortSignal): Promise<PolicyAnswer> {
      const say = (answer: Reply): PolicyAnswer => ({ kind: "reply", reply: answer });
      switch (question.kind) {
        case "connect":
          return say(
            isBanned() ? reply(554, "5.7.1", "Client host rejected: banned after too many errors") : greeting(),
          );
        case "helo": {
          if (question.verb === "HELO") return say(reply(250, null, house.hostName));
          // RFC 8314 §3.3: no logins in the clear.
          return say(ehloReply(state.tls ? state : { ...state, options: { ...state.options, mechanisms: [] } }));
        }
        case "mail":
          return say(onMail(question.path, state));
        case "rcpt":
          return say(await onRcpt(question.path, state, signal));
        case "data":
          if (traits.refusesAt === "data" && transaction?.doubtful === true) return say(denialOf("relaying-denied"));
          content = "";
          return say(reply(354, null, "End with a dot"));
        case "message": {
          const answer = onMessage(question.bytes, state);
          content = "";
          return say(answer);
        }
        case "auth":
          return onAuth(question.mechanism, question.lines, state);
        case "chunk":
          return say(reply(502, "5.5.1", "BDAT not offered"));
        case "command":
          return onXclient(question.argument);
      }
    },
    content: async (text) => {
      content += text;
    },
  };
}

/** Sets a key of a map that must not grow without end: the oldest goes first. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  if (!map.has(key) && map.size >= maxRemembered) map.delete(map.keys().next().value ?? "");
  map.set(key, value);
}

const recipientFields = ["to", "cc", "bcc", "resent-to", "resent-cc", "apparently-to"];

function namedIn(fields: ReturnType<typeof parseHeader>, house: House): readonly Extract<Fate, { kind: "onward" }>[] {
  const addresses = fields
    .filter(({ name }) => recipientFields.includes(name))
    .flatMap(({ value }) => [...value.matchAll(/[^\s<>,;:"()]+@[^\s<>,;:"()]+/g)].map(([address]) => address));
  return [...new Set(addresses)].slice(0, 20).flatMap((address) => recipientIn(address, house) ?? []);
}
