/** What the replies to a probe mean, before any message is sent. Pure. */
import { isPositive, isTransient, type Reply } from "../smtp/reply.ts";
import type { Instance } from "./expand.ts";
import { type Meaning, meaningOf } from "./refusal.ts";
import type { ProbeOutcome } from "./result.ts";
import type { Played } from "./talk.ts";

export interface Judgement {
  readonly outcome: ProbeOutcome;
  readonly reason?: string;
  /** Something the probe showed besides the fate of its recipient. */
  readonly shows?:
    | "login-believed"
    | "injection-believed"
    | "starttls-injection"
    | "auth-in-clear"
    | "subdomain-accepted"
    | "smuggling-accepted"
    | "denied-temporarily";
}

/** What the judge may know of the target beyond the dialogue. */
export interface JudgeContext {
  /** A refusal of the client as such is what is expected here: submission, or a mailer that accepts from others only. */
  readonly clientRefusalIsPolicy: boolean;
  /** AUTH was offered before TLS. */
  readonly authInClear: boolean;
}

const words: Partial<Record<Meaning, string>> = {
  sender: "the sender was refused before the recipient was judged",
  helo: "the HELO name was refused before the recipient was judged",
  "starttls-first": "STARTTLS is demanded first",
  tester: "the refusal is about the tester, not about relaying",
  client: "the client is refused whatever it asks for",
  sequence: "the server saw the commands in another order",
  limit: "a limit of the server was reached",
};

/** Judges what was played up to RCPT. */
export function judge(instance: Instance, played: Played, context: JudgeContext): Judgement {
  const { probe } = instance;
  switch (probe.judge) {
    case "auth-plaintext":
      return context.authInClear
        ? { outcome: "accepted", shows: "auth-in-clear", reason: "AUTH is offered before TLS" }
        : { outcome: "refused", reason: "AUTH is not offered before TLS" };
    case "starttls-injection":
      if (played.stage === "starttls" && played.reply?.code !== 220) return judgeEnd(played, context);
      return played.unasked === null
        ? { outcome: "refused", reason: "the command written before the handshake was not answered" }
        : {
            outcome: "accepted",
            shows: "starttls-injection",
            reason: "a command written before the handshake was answered after it",
          };
    case "login":
      if (played.stage === "auth" || played.claim !== null) {
        const claim = played.claim ?? played.reply;
        if (claim === null || claim.code !== 235) {
          if (claim !== null && isTransient(claim)) return { outcome: "refused", reason: "the login failed for now" };
          if (claim !== null) return { outcome: "refused" };
        } else return { ...judgeRecipient(played, context), shows: "login-believed" };
      }
      return judgeRecipient(played, context);
    case "injection":
      if (played.claim !== null && !isPositive(played.claim)) return { outcome: "refused" };
      if (played.claim === null) return judgeEnd(played, context);
      return { ...judgeRecipient(played, context), shows: "injection-believed" };
    case "subdomain": {
      const judged = judgeRecipient(played, context);
      return judged.outcome === "accepted" ? { ...judged, shows: "subdomain-accepted" } : judged;
    }
    default:
      return judgeRecipient(played, context);
  }
}

function judgeRecipient(played: Played, context: JudgeContext): Judgement {
  const { judged } = played;
  if (judged === null) return judgeEnd(played, context);
  if (isPositive(judged)) {
    // The envelope was accepted, and then DATA refused it (a pipelined or late check).
    if (played.stage === "data" && played.reply !== null && played.reply.code >= 400)
      return { outcome: "refused", reason: "accepted at RCPT, refused at DATA" };
    return { outcome: "accepted" };
  }
  // DATA was granted although the recipient was refused: only the catcher can tell what becomes of it.
  if (played.stage === "data" && played.reply?.code === 354)
    return { outcome: "accepted", reason: "DATA was granted after the recipient was refused" };
  return judgeRefusal(judged, context);
}

function judgeRefusal(reply: Reply, context: JudgeContext): Judgement {
  const meaning = meaningOf(reply);
  const reason = words[meaning];
  switch (meaning) {
    case "tester":
      return context.clientRefusalIsPolicy && !isTransient(reply)
        ? { outcome: "refused" }
        : { outcome: "tester-refused", reason: reason! };
    case "client":
      return context.clientRefusalIsPolicy && !isTransient(reply)
        ? { outcome: "refused" }
        : { outcome: "tester-refused", reason: reason! };
    case "sender":
    case "helo":
      if (isTransient(reply)) return { outcome: "deferred", reason: reason! };
      return { outcome: "not-reached", reason: reason! };
    case "starttls-first":
    case "sequence":
      return { outcome: "not-reached", reason: reason! };
    case "relay-denied":
    case "authentication-required":
      return isTransient(reply)
        ? { outcome: "refused", shows: "denied-temporarily", reason: "denied with a temporary code" }
        : { outcome: "refused" };
    case "limit":
      return { outcome: isTransient(reply) ? "deferred" : "error", reason: reason! };
    case "address":
      // 501 4.1.x and the like do not exist; a temporary failure to look something up is no answer.
      return isTransient(reply) ? { outcome: "deferred" } : { outcome: "refused" };
    default:
      return { outcome: isTransient(reply) ? "deferred" : "refused" };
  }
}

/** It ended before the recipient was judged. */
function judgeEnd(played: Played, context: JudgeContext): Judgement {
  const { reply, loss, stage } = played;
  if (loss !== null) {
    // The second connection in a row ended here: that is how this server refuses, and nothing can be relayed through it.
    if ((loss === "closed" || loss === "reset") && stage !== "connect")
      return { outcome: "refused", reason: "the server ended the session, twice" };
    return { outcome: "error", reason: `no answer (${loss})` };
  }
  if (reply === null || reply.code < 400) return { outcome: "error", reason: "the dialogue ended without an answer" };
  if (stage === "connect")
    return reply.code >= 500 || reply.code === 421
      ? { outcome: "tester-refused", reason: "the server refused the connection" }
      : { outcome: "deferred" };
  if (reply.code === 421) return { outcome: "deferred", reason: "the server ended the session with 421" };
  if (stage === "ehlo" || stage === "mail" || stage === "starttls") {
    const judged = judgeRefusal(reply, context);
    if (judged.outcome !== "refused") return judged;
    if (meaningOf(reply) === "authentication-required" || meaningOf(reply) === "relay-denied") return judged;
    return { outcome: "not-reached", reason: `refused at ${stage.toUpperCase()}, before the recipient was judged` };
  }
  return judgeRefusal(reply, context);
}
