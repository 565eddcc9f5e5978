/** The servers of the site file with their passwords: secrets, only from a file or the environment, and never shown. */

import { type PasswordRoute, passwordIn } from "../complaints/reply/passwords.ts";
import type { ReplyRoute } from "../complaints/reply/result.ts";
import { readText, UnreadableFile } from "../io/files.ts";
import { type ImapServer, MailboxUnavailable } from "../io/imap.ts";
import { submissionServer } from "../io/submission.ts";
import type { Host } from "../net/host-port.ts";
import { formatIp } from "../net/ip.ts";
import type { Submitter } from "../ports.ts";
import type { MailRoute } from "../site/mail-route.ts";
import type { Site } from "../site/model.ts";
import { InputMissing, SiteError, Unavailable } from "../tasks/errors.ts";

const variables = {
  submit: "FENCEPOST_SUBMIT_PASSWORD",
  alternative: "FENCEPOST_ALTERNATIVE_PASSWORD",
  abuseMailbox: "FENCEPOST_MAILBOX_PASSWORD",
} as const satisfies Record<PasswordRoute, string>;

export async function submitterOf(site: Site, route: ReplyRoute): Promise<Submitter> {
  // A CSIRT is written to by our own mailer.
  const name = route === "alternative" ? "alternative" : "submit";
  const server = site.mail[name];
  if (server === null)
    throw new SiteError(`mail.${name} is not set in the site file: expected smtp://user@host:587 or smtps://user@host`);
  const { protocol, host, port, user } = server;
  const login = user === null ? null : { user, password: await passwordOf(site, name) };
  return submissionServer({ host: hostText(host), port, implicitTls: protocol === "smtps", login });
}

/** Of `mail.abuseMailbox`, or of a URL that was typed. */
export async function imapServerOf(site: Site | null, route: MailRoute): Promise<ImapServer> {
  const { protocol, host, port, user, mailbox } = route;
  if (user === null) throw new SiteError("an IMAP URL names the account: imaps://user@host/INBOX");
  const password = await passwordOf(site, "abuseMailbox");
  return { host: hostText(host), port, implicitTls: protocol === "imaps", login: { user, password }, mailbox };
}

async function passwordOf(site: Site | null, route: PasswordRoute): Promise<string> {
  const variable = variables[route];
  const given = process.env[variable] ?? "";
  if (given !== "") return given;
  const file = site?.mail.passwordFile ?? null;
  if (file === null)
    throw new SiteError(
      `there is no password for mail.${route}. Set mail.passwordFile in the site file, or ${variable}.`,
    );
  const password = passwordIn(await passwordText(file), route);
  if (password === null)
    throw new SiteError(`${file} holds no password for ${route}. Expected one line, or a line ${route}=PASSWORD.`);
  return password;
}

async function passwordText(file: string): Promise<string> {
  try {
    return await readText(file, 64 * 1024);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}

const hostText = (host: Host): string => (host.kind === "name" ? host.name : formatIp(host.address));

/** What a mailbox on a server could not do, as what a command ends with. */
export function mailboxError(error: unknown): unknown {
  return error instanceof MailboxUnavailable ? new Unavailable(error.message, { cause: error }) : error;
}
