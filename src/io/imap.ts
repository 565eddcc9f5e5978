/**
 * An abuse mailbox on a server (RFC 3501), read with imapflow. It is examined, so that reading marks nothing as read: people work
 * in the same mailbox. What is done is marked by a keyword where the server keeps keywords; nothing is moved or deleted.
 */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { ImapFlow } from "imapflow";
import type { StoredMessage } from "./mailbox.ts";

export interface ImapServer {
  readonly host: string;
  readonly port: number;
  readonly implicitTls: boolean;
  readonly login: { readonly user: string; readonly password: string };
  readonly mailbox: string;
}

export interface ImapMessage extends StoredMessage {
  readonly uidValidity: string;
  readonly uid: number;
  readonly sha256: string;
}

/** The mailbox cannot be had, in words for a person. */
export class MailboxUnavailable extends Error {
  override readonly name = "MailboxUnavailable";
}

/** Set on messages whose answers are drafted. */
const doneKeyword = "$FencepostDone";

/** Messages asked for at once. */
const batch = 50;

const maxMessages = 1_000_000;

/** The messages whose UIDs are not in what `skip` gives for the mailbox's numbering. Throws `MailboxUnavailable`. */
export async function* readImap(
  server: ImapServer,
  skip: (uidValidity: string) => Promise<ReadonlySet<number>>,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<ImapMessage> {
  await using session = await open(server, "examine");
  const { client, uidValidity } = session;
  const known = await skip(uidValidity);
  const found = await asked(server, client.search({ all: true }, { uid: true }));
  const uids = (found || []).filter((uid) => !known.has(uid)).slice(0, maxMessages);
  for (let at = 0; at < uids.length && !signal.aborted; at += batch) {
    const query = { uid: true, size: true, source: { maxLength: maxBytes } } as const;
    const messages = client.fetch(uids.slice(at, at + batch).join(","), query, { uid: true });
    for (;;) {
      const { done, value } = await asked(server, messages.next());
      if (done === true || value === undefined) break;
      const { uid, size = 0, source } = value;
      if (source === undefined || signal.aborted) continue;
      const bytes = Buffer.from(source);
      yield {
        file: nameOf(server),
        number: uid,
        bytes,
        cut: size > bytes.length,
        type: null,
        uidValidity,
        uid,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      };
    }
  }
}

/** False: the server has numbered its messages anew, or keeps no keywords of ours. Throws `MailboxUnavailable`. */
export async function markImap(server: ImapServer, uidValidity: string, uids: readonly number[]): Promise<boolean> {
  if (uids.length === 0) return true;
  await using session = await open(server, "select");
  const { client, keywords } = session;
  if (session.uidValidity !== uidValidity || !keywords) return false;
  for (let at = 0; at < uids.length; at += batch * 10)
    await asked(
      server,
      client.messageFlagsAdd(uids.slice(at, at + batch * 10).join(","), [doneKeyword], { uid: true, silent: true }),
    );
  return true;
}

/** How the mailbox is named in reports: without a password, as in the site file. */
export function nameOf({ host, port, implicitTls, login, mailbox }: ImapServer): string {
  const shownHost = isIP(host) === 6 ? `[${host}]` : host;
  const own = port === (implicitTls ? 993 : 143) ? "" : `:${port}`;
  return `${implicitTls ? "imaps" : "imap"}://${encodeURIComponent(login.user)}@${shownHost}${own}/${mailbox}`;
}

interface Session extends AsyncDisposable {
  readonly client: ImapFlow;
  readonly uidValidity: string;
  readonly keywords: boolean;
}

async function open(server: ImapServer, how: "examine" | "select"): Promise<Session> {
  const { host, port, implicitTls, login, mailbox } = server;
  const local = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  const client = new ImapFlow({
    host,
    port,
    secure: implicitTls,
    // The password goes over TLS to a server whose name is proved, or stays on this machine (RFC 8314 §3).
    ...(implicitTls || local ? {} : { doSTARTTLS: true }),
    tls: { rejectUnauthorized: !local },
    auth: { user: login.user, pass: login.password },
    disableAutoIdle: true,
    logger: false,
    connectionTimeout: 30_000,
    greetingTimeout: 30_000,
    socketTimeout: 300_000,
  });
  client.on("error", () => {}); // the command under way fails with it
  await asked(server, client.connect());
  try {
    const opened = await asked(server, client.mailboxOpen(mailbox, { readOnly: how === "examine" }));
    const { uidValidity, permanentFlags } = opened;
    return {
      client,
      uidValidity: String(uidValidity),
      keywords: permanentFlags?.has("\\*") === true || permanentFlags?.has(doneKeyword) === true,
      [Symbol.asyncDispose]: () => client.logout().catch(() => client.close()),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

async function asked<T>(server: ImapServer, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { responseText } = error as { readonly responseText?: unknown };
    const why =
      typeof responseText === "string" ? responseText : error instanceof Error ? error.message : String(error);
    throw new MailboxUnavailable(`${nameOf(server)}: ${why.slice(0, 300)}`, { cause: error });
  }
}
