/**
 * The catcher: an SMTP server that takes mail for our own signed probe tokens and nothing else. It records before it
 * says 250, never sends mail, and so can never become a relay.
 */
import { serveSession } from "../dialogue/server.ts";
import { formatIp } from "../net/ip.ts";
import type { Arrival, Clock, Endpoint, Listener, Listening, MailDrop } from "../ports.ts";
import { type Reply, reply } from "../smtp/reply.ts";
import { ehloReply, type Question, type SessionOptions, type SessionState } from "../smtp/session.ts";
import type { Tokens } from "./token.ts";

/** What is kept of a message: enough for every header field and for the report part of a bounce. */
const keptBytes = 128 * 1024;
const maxMessageBytes = 1024 * 1024;

export interface CatcherPorts {
  readonly listener: Listener;
  readonly drop: MailDrop;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

/** Starts a catcher on an address of ours. Throws `ListenError`. It stops when the returned handle is disposed. */
export async function startCatcher(on: Endpoint, hostName: string, ports: CatcherPorts): Promise<Listening> {
  const stop = new AbortController();
  const options: SessionOptions = {
    hostName,
    greeting: "ESMTP Fencepost catcher: takes relay test messages only",
    startTls: false,
    mechanisms: [],
    keywords: ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
    maxBytes: maxMessageBytes,
    maxRecipients: 100,
    maxErrors: 20,
    extraVerbs: [],
  };
  const listening = await ports.listener.listen(
    on,
    async (connection) => {
      const mail = { head: "", bytes: 0 };
      await serveSession(
        connection,
        options,
        {
          answer: async (question, state) => {
            if (question.kind === "data") {
              mail.head = "";
              mail.bytes = 0;
            }
            if (question.kind !== "message") return { kind: "reply", reply: answerTo(question, state, ports.tokens) };
            const arrival: Arrival = {
              at: ports.clock.now().toISOString(),
              peer: formatIp(connection.peer.address),
              helo: state.helo ?? "",
              reversePath: pathOf(state.reversePath ?? ""),
              recipients: state.recipients.flatMap((path) =>
                ports.tokens.find(path).map((token) => ({ path: pathOf(path), token })),
              ),
              head: mail.head,
              tokensInMessage: ports.tokens.find(mail.head),
              bytes: mail.bytes,
              tls: connection.tls?.protocol ?? null,
            };
            await ports.drop.record(arrival);
            return { kind: "reply", reply: reply(250, "2.0.0", "Recorded") };
          },
          content: async (text) => {
            mail.bytes += text.length;
            if (mail.head.length < keptBytes) mail.head += text.slice(0, keptBytes - mail.head.length);
          },
        },
        stop.signal,
      );
    },
    { maxConnections: 500 },
  );
  return {
    local: listening.local,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the catcher stops"));
      await listening[Symbol.asyncDispose]();
    },
  };
}

/** The path without ESMTP parameters. */
const pathOf = (text: string): string => (/^<[^>]*>/.exec(text)?.[0] ?? text.split(" ")[0] ?? "").slice(0, 512);

function answerTo(question: Exclude<Question, { kind: "message" }>, state: SessionState, tokens: Tokens): Reply {
  switch (question.kind) {
    case "connect":
      return reply(220, null, `${state.options.hostName} ${state.options.greeting}`);
    case "helo":
      return question.verb === "EHLO" ? ehloReply(state) : reply(250, null, state.options.hostName);
    case "mail":
      return reply(250, "2.1.0", "Ok");
    case "rcpt":
      // The one thing that keeps this from being a relay or a mailbox: no token of ours, no mail.
      return tokens.find(question.path).length > 0
        ? reply(250, "2.1.5", "Ok")
        : reply(550, "5.7.1", "Only relay test messages are taken here");
    case "data":
      return reply(354, null, "End with a dot");
    case "auth":
    case "chunk":
    case "command":
      return reply(502, "5.5.1", "Not offered");
  }
}
