/**
 * The server side of an SMTP session as a pure step: `step(state, event) → { state, effects }` (RFC 5321 §4.1.4).
 *
 * Policy is never called in here. The step emits `ask` with a question, the loop that owns the socket finds the answer
 * and feeds back `answered`; until then no further line is offered. Message bytes stream through the loop and never
 * enter the state.
 */
import { type Reply, reply } from "./reply.ts";

/** What the listener offers; everything else is refused with 502 or left out of the EHLO reply. */
export interface SessionOptions {
  readonly hostName: string;
  /** Greeting text after the host name, e.g. `ESMTP`. */
  readonly greeting: string;
  readonly startTls: boolean;
  /** SASL mechanisms; empty means no AUTH. */
  readonly mechanisms: readonly string[];
  /** EHLO lines beyond those the options above bring. */
  readonly keywords: readonly string[];
  readonly maxBytes: number;
  readonly maxRecipients: number;
  /** After so many refused commands the session is ended with 421. */
  readonly maxErrors: number;
  /** Verbs that are asked about as `command` rather than refused, in upper case. */
  readonly extraVerbs: readonly string[];
  /** BDAT is taken beside DATA (RFC 3030). */
  readonly chunking?: true;
  /** DATA is granted though every recipient was refused: only for mailers that misbehave on purpose. */
  readonly grantsDataWithoutRecipients?: true;
}

/** What policy is asked. Paths are the text after the colon, as it came. */
export type Question =
  | { readonly kind: "connect" }
  | { readonly kind: "helo"; readonly verb: "HELO" | "EHLO"; readonly name: string }
  | { readonly kind: "mail"; readonly path: string }
  | { readonly kind: "rcpt"; readonly path: string }
  | { readonly kind: "data" }
  | { readonly kind: "message"; readonly bytes: number }
  /** A chunk of BDAT has passed. */
  | { readonly kind: "chunk"; readonly last: boolean }
  | { readonly kind: "auth"; readonly mechanism: string; readonly lines: readonly string[] }
  | { readonly kind: "command"; readonly verb: string; readonly argument: string };

export type SessionEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "line"; readonly text: string; readonly tooLong: boolean }
  | { readonly kind: "dataEnd"; readonly bytes: number }
  | { readonly kind: "chunkEnd"; readonly last: boolean }
  | { readonly kind: "tlsUp" }
  /** `authenticated` and `restart` only matter after `auth` and `command`: XCLIENT starts the session anew. */
  | { readonly kind: "answered"; readonly reply: Reply; readonly authenticated?: string; readonly restart?: true }
  | { readonly kind: "timeout" }
  | { readonly kind: "closed" };

export type Effect =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "startTls" }
  | { readonly kind: "collect" }
  /** So many bytes follow, whatever is said about them; without `wanted` they are thrown away. */
  | { readonly kind: "collectChunk"; readonly bytes: number; readonly last: boolean; readonly wanted: boolean }
  | { readonly kind: "close" };

export interface SessionState {
  readonly options: SessionOptions;
  readonly phase: "start" | "open" | "asking" | "auth" | "data" | "ended";
  readonly question: Question | null;
  readonly helo: string | null;
  readonly esmtp: boolean;
  readonly tls: boolean;
  readonly authenticated: string | null;
  readonly reversePath: string | null;
  /** The accepted forward-paths of the transaction. */
  readonly recipients: readonly string[];
  /** How far a message that comes by BDAT is. After a chunk was refused only RSET helps (RFC 3030 §2). */
  readonly chunks: "none" | "some" | "refused";
  readonly errors: number;
}

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly Effect[];
}

const noTransaction = { reversePath: null, recipients: [], chunks: "none" } as const;

export function newSession(options: SessionOptions, secure: boolean): SessionState {
  return {
    options,
    phase: "start",
    question: null,
    helo: null,
    esmtp: false,
    tls: secure,
    authenticated: null,
    reversePath: null,
    recipients: [],
    chunks: "none",
    errors: 0,
  };
}

const say = (code: number, enhanced: string | null, text: string): Effect => ({
  kind: "reply",
  reply: reply(code, enhanced, text),
});

export function step(state: SessionState, event: SessionEvent): Step {
  if (state.phase === "ended") return { state, effects: [] };
  switch (event.kind) {
    case "connected":
      return ask(state, { kind: "connect" });
    case "line":
      return event.tooLong ? refuse(state, 500, "5.5.2", "Line too long") : onLine(state, event.text);
    case "dataEnd":
      return ask(state, { kind: "message", bytes: event.bytes });
    case "chunkEnd":
      return ask(state, { kind: "chunk", last: event.last });
    case "tlsUp":
      // RFC 3207 §4.2: everything learned before the handshake is forgotten.
      return { state: { ...newSession(state.options, true), phase: "open", errors: state.errors }, effects: [] };
    case "answered":
      return onAnswer(state, event);
    case "timeout":
      return end(state, reply(421, "4.4.2", `${state.options.hostName} Timeout, closing`));
    case "closed":
      return { state: { ...state, phase: "ended" }, effects: [{ kind: "close" }] };
  }
}

function ask(state: SessionState, question: Question): Step {
  return { state: { ...state, phase: "asking", question }, effects: [{ kind: "ask", question }] };
}

function end(state: SessionState, last: Reply): Step {
  return { state: { ...state, phase: "ended" }, effects: [{ kind: "reply", reply: last }, { kind: "close" }] };
}

/** A refused command counts against the error limit. */
function refuse(state: SessionState, code: number, enhanced: string, text: string): Step {
  const errors = state.errors + 1;
  if (errors >= state.options.maxErrors)
    return end({ ...state, errors }, reply(421, "4.7.0", `${state.options.hostName} Too many errors`));
  return { state: { ...state, errors, phase: "open" }, effects: [say(code, enhanced, text)] };
}

function onLine(state: SessionState, line: string): Step {
  if (state.phase === "auth" && state.question?.kind === "auth") {
    // RFC 4954 §4: a single asterisk cancels.
    if (line === "*") return refuse({ ...state, question: null }, 501, "5.7.0", "Authentication cancelled");
    return ask(state, { ...state.question, lines: [...state.question.lines, line] });
  }
  const match = /^([A-Za-z0-9]+)(?:[ \t]+([\s\S]*))?$/.exec(line.trimEnd());
  const verb = match?.[1]?.toUpperCase() ?? "";
  const argument = match?.[2]?.trim() ?? "";
  switch (verb) {
    case "HELO":
    case "EHLO":
      return argument === ""
        ? refuse(state, 501, "5.5.4", `Syntax: ${verb} hostname`)
        : ask(state, { kind: "helo", verb, name: argument });
    case "MAIL":
      return onPath(state, argument, /^FROM:[ \t]*/i, (path) => {
        if (state.helo === null) return refuse(state, 503, "5.5.1", "Say EHLO first");
        if (state.reversePath !== null) return refuse(state, 503, "5.5.1", "Sender already given");
        return ask(state, { kind: "mail", path });
      });
    case "RCPT":
      return onPath(state, argument, /^TO:[ \t]*/i, (path) => {
        if (state.reversePath === null) return refuse(state, 503, "5.5.1", "Need MAIL first");
        if (state.chunks !== "none") return refuse(state, 503, "5.5.1", "The message has begun");
        // RFC 5321 §4.5.3.1.10
        if (state.recipients.length >= state.options.maxRecipients)
          return refuse(state, 452, "4.5.3", "Too many recipients");
        return ask(state, { kind: "rcpt", path });
      });
    case "DATA":
      if (argument !== "") return refuse(state, 501, "5.5.4", "Syntax: DATA");
      if (state.reversePath === null) return refuse(state, 503, "5.5.1", "Need MAIL first");
      // RFC 3030 §3: DATA and BDAT exclude each other.
      if (state.chunks !== "none") return refuse(state, 503, "5.5.1", "The message comes by BDAT");
      // RFC 5321 §3.3: 554 when no recipient was accepted.
      if (state.recipients.length === 0 && state.options.grantsDataWithoutRecipients !== true)
        return refuse(state, 554, "5.5.1", "No valid recipients");
      return ask(state, { kind: "data" });
    case "BDAT":
      return onChunk(state, argument);
    case "RSET":
      return { state: { ...state, ...noTransaction }, effects: [say(250, "2.0.0", "Ok")] };
    case "NOOP":
      return { state, effects: [say(250, "2.0.0", "Ok")] };
    case "QUIT":
      return end(state, reply(221, "2.0.0", `${state.options.hostName} closing`));
    case "VRFY":
      // RFC 5321 §3.5.3: 252 when the server will not say.
      return { state, effects: [say(252, "2.1.5", "Cannot VRFY; send mail and see")] };
    case "STARTTLS":
      if (!state.options.startTls || state.tls) return refuse(state, 502, "5.5.1", "STARTTLS not offered");
      return { state, effects: [say(220, "2.0.0", "Ready to start TLS"), { kind: "startTls" }] };
    case "AUTH":
      return onAuth(state, argument);
    default:
      return state.options.extraVerbs.includes(verb)
        ? ask(state, { kind: "command", verb, argument })
        : refuse(state, 500, "5.5.2", "Command not recognized");
  }
}

function onPath(state: SessionState, argument: string, prefix: RegExp, then: (path: string) => Step): Step {
  const match = prefix.exec(argument);
  return match === null ? refuse(state, 501, "5.5.4", "Syntax error in path") : then(argument.slice(match[0].length));
}

/** RFC 3030 §2: the bytes follow at once, so that even those of a refused chunk have to be read. */
function onChunk(state: SessionState, argument: string): Step {
  if (state.options.chunking !== true) return refuse(state, 502, "5.5.1", "BDAT not offered");
  const size = /^(\d{1,15})(?:[ \t]+(LAST))?$/i.exec(argument);
  // Nobody knows where the next command begins.
  if (size === null) return end(state, reply(501, "5.5.4", "Syntax: BDAT size [LAST]"));
  const chunk = { kind: "collectChunk", bytes: Number(size[1]), last: size[2] !== undefined } as const;
  const against = refusalOfChunk(state);
  if (against === null) return { state: { ...state, phase: "data" }, effects: [{ ...chunk, wanted: true }] };
  const { state: after, effects } = refuse(state, ...against);
  return { state: after, effects: [{ ...chunk, wanted: false }, ...effects] };
}

function refusalOfChunk({ reversePath, recipients, chunks }: SessionState): [number, string, string] | null {
  if (chunks === "refused") return [503, "5.5.1", "A chunk was refused: say RSET"];
  if (reversePath === null) return [503, "5.5.1", "Need MAIL first"];
  return recipients.length === 0 ? [554, "5.5.1", "No valid recipients"] : null;
}

function onAuth(state: SessionState, argument: string): Step {
  const [mechanism = "", initial] = argument.split(/\s+/);
  if (state.options.mechanisms.length === 0) return refuse(state, 502, "5.5.1", "AUTH not offered");
  if (state.authenticated !== null) return refuse(state, 503, "5.5.1", "Already authenticated");
  if (!state.options.mechanisms.includes(mechanism.toUpperCase()))
    return refuse(state, 504, "5.5.4", "Mechanism not offered");
  return ask(state, {
    kind: "auth",
    mechanism: mechanism.toUpperCase(),
    lines: initial === undefined ? [] : [initial],
  });
}

function onAnswer(state: SessionState, event: Extract<SessionEvent, { kind: "answered" }>): Step {
  const { question } = state;
  const answer = event.reply;
  if (question === null) return { state, effects: [] };
  // RFC 5321 §3.8: 421 may answer any command, and then the channel closes.
  if (answer.code === 421) return end(state, answer);
  const open: SessionState = { ...state, phase: "open", question: null };
  const done = (next: SessionState, more: readonly Effect[] = []): Step => ({
    state: next,
    effects: [{ kind: "reply", reply: answer }, ...more],
  });
  if (answer.code >= 400 && question.kind !== "message" && question.kind !== "chunk") {
    if (question.kind === "connect") return done({ ...open, phase: "ended" }, [{ kind: "close" }]);
    const errors = open.errors + 1;
    if (errors >= open.options.maxErrors)
      return {
        state: { ...open, errors, phase: "ended" },
        effects: [
          { kind: "reply", reply: answer },
          say(421, "4.7.0", `${open.options.hostName} Too many errors`),
          { kind: "close" },
        ],
      };
    return done({ ...open, errors });
  }
  switch (question.kind) {
    case "connect":
      return done(open);
    case "helo":
      // RFC 5321 §4.1.4: EHLO resets the transaction.
      return done({ ...open, ...noTransaction, helo: question.name, esmtp: question.verb === "EHLO" });
    case "mail":
      return done({ ...open, reversePath: question.path });
    case "rcpt":
      return done({ ...open, recipients: [...open.recipients, question.path] });
    case "data":
      return done({ ...open, phase: "data" }, [{ kind: "collect" }]);
    case "message":
      return done({ ...open, ...noTransaction });
    case "chunk":
      if (question.last) return done({ ...open, ...noTransaction });
      return done({ ...open, chunks: answer.code < 400 ? "some" : "refused" });
    case "auth":
      if (answer.code === 334) return done({ ...open, phase: "auth", question });
      return done({ ...open, authenticated: event.authenticated ?? null });
    case "command":
      return done(event.restart === true ? { ...open, ...noTransaction, helo: null } : open);
  }
}

/** The EHLO reply for what this session offers now (RFC 5321 §4.1.1.1). */
export function ehloReply(state: SessionState): Reply {
  const { options } = state;
  return reply(
    250,
    null,
    [
      options.hostName,
      ...options.keywords,
      `SIZE ${options.maxBytes}`,
      ...(options.startTls && !state.tls ? ["STARTTLS"] : []),
      ...(options.mechanisms.length > 0 ? [`AUTH ${options.mechanisms.join(" ")}`] : []),
    ].join("\n"),
  );
}
