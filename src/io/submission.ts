/**
 * Hands a message to a submission server (RFC 6409) with nodemailer. Its text is a stream that is first read after the server's
 * 354: until then nothing can have been taken, from then on only the server's last reply tells.
 */
import { isIP } from "node:net";
import { Readable } from "node:stream";
import SmtpConnection from "nodemailer/lib/smtp-connection";
import type { Submission, SubmissionEnd, Submitter } from "../ports.ts";

export interface SubmissionServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  /** Null: it takes our mail without a login. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

const timeouts = {
  connectionTimeout: 30_000,
  /** RFC 5321 §4.5.3.2.1. */
  greetingTimeout: 300_000,
  /** RFC 5321 §4.5.3.2.6: the server may deliver before it answers the dot. */
  socketTimeout: 600_000,
} as const;

/** No submission takes longer: what began before that and has not ended will not. */
export const longestSubmissionMs = 30 * 60_000;

export function submissionServer(server: SubmissionServer): Submitter {
  return { submit: (message, begin, signal) => submit(server, message, begin, signal) };
}

function submit(
  { host, port, implicitTls, login }: SubmissionServer,
  { from, to, content }: Submission,
  begin: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<SubmissionEnd> {
  const local = isLoopback(host);
  const connection = new SmtpConnection({
    host,
    port,
    secure: implicitTls,
    // A password goes over TLS to a server whose name is proved, or stays on this machine. Without one there is nothing to keep,
    // and TLS with whomever is better than none (RFC 7435).
    requireTLS: login !== null && !local,
    opportunisticTLS: login === null,
    tls: { rejectUnauthorized: login !== null && !local },
    maxResponseSize: 64 * 1024,
    logger: false,
    ...timeouts,
  });
  return new Promise((resolve) => {
    let sending = false;
    let begun = false;
    let settled = false;
    let beginning: Promise<boolean> | null = null;
    const end = (result: SubmissionEnd): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      signal.removeEventListener("abort", stop);
      if (result.kind === "taken" || result.kind === "refused") connection.quit();
      connection.close();
      // Whoever asked must not hear of the end before the beginning is on record.
      if (beginning === null) resolve(result);
      else
        beginning.then(
          () => resolve(result),
          () => resolve(result),
        );
    };
    const failed = (error: Error): void =>
      end(sending ? failureOf(error, begun) : { kind: "not-sent", why: replyText(error.message) });
    // Once the text is under way the session is left to its end: breaking it off would leave the question open.
    const stop = (): void => {
      if (beginning === null) end({ kind: "not-sent", why: "interrupted" });
    };
    const deadline = setTimeout(() => failed(new Error("it took too long")), longestSubmissionMs - 60_000);
    async function* text(): AsyncGenerator<Buffer> {
      if (signal.aborted || settled) throw new Error("interrupted");
      beginning = Promise.resolve().then(begin);
      const may = await beginning;
      if (!may || settled) throw new Error("it is no longer to be sent, or another process sends it");
      begun = true;
      yield Buffer.from(content, "latin1");
    }
    const send = (): void => {
      sending = true;
      connection.send({ from, to: [to], size: content.length }, Readable.from(text()), (error, info) => {
        if (error === null) end({ kind: "taken", reply: replyText(info?.response ?? "") });
        else failed(error);
      });
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    connection.on("error", failed);
    connection.on("end", () => failed(new Error("the server closed the connection")));
    connection.connect((error) => {
      if (error != null) return failed(error);
      if (login === null) return send();
      const { user, password } = login;
      connection.login({ user, pass: password, credentials: { user, pass: password } }, (refused) =>
        refused === null ? send() : failed(refused),
      );
    });
  });
}

function failureOf(error: Error, begun: boolean): SubmissionEnd {
  const { response, responseCode } = error as { readonly response?: unknown; readonly responseCode?: unknown };
  // A reply is a decision, also in the middle of the text: the server has not taken it.
  if (typeof responseCode === "number" && responseCode >= 400 && responseCode <= 599)
    return { kind: "refused", reply: replyText(String(response ?? error.message)), permanent: responseCode >= 500 };
  const why = replyText(error.message);
  return begun ? { kind: "unknown", why } : { kind: "not-sent", why };
}

const replyText = (text: string): string => text.replace(/[\p{Cc}]+/gu, " ").slice(0, 500);

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
