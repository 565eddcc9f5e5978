/** What `complaints draft`, `reply` and `send` share: the site, the store, the wordings, the mailbox, how a result is printed. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RawMessage } from "../complaints/read.ts";
import { builtInLanguages, type Languages, readOverrides } from "../complaints/reply/overrides.ts";
import type { RepliesDocument } from "../complaints/reply/result.ts";
import { readText, UnreadableFile } from "../io/files.ts";
import { markImap, nameOf, readImap } from "../io/imap.ts";
import { readMailbox } from "../io/mailbox.ts";
import { writePieces } from "../io/write-file.ts";
import { repliesListDocument } from "../report/documents/replies.ts";
import { renderText } from "../report/faces/text.ts";
import { jsonLine } from "../report/json.ts";
import { parseMailRoute } from "../site/mail-route.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { DataError, InputMissing, SiteError, UsageError } from "../tasks/errors.ts";
import { draftReplies } from "../tasks/reply-drafts.ts";
import { InboxIntake } from "../tasks/reply-intake.ts";
import { imapServerOf, mailboxError } from "./mail-servers.ts";
import { realPorts, type SharedOptions, siteAtHand, storeAtHand } from "./surroundings.ts";
import { terminal } from "./terminal.ts";

export const replyFormats = ["text", "json"] as const;

export interface ReplyOptions extends SharedOptions {
  readonly format: (typeof replyFormats)[number];
}

export interface RepliesAtHand {
  readonly site: Site;
  readonly store: Store;
  readonly languages: Languages;
}

/** Answers need a site to speak for and a store that remembers them. Throws `SiteError`, `UsageError`. */
export async function repliesAtHand(options: SharedOptions, tell: (text: string) => void): Promise<RepliesAtHand> {
  const { site } = await siteAtHand(options, tell);
  if (site === null) throw new SiteError("answers are written in the name of a site: --site FILE names its site file");
  const store = await storeAtHand(options, site);
  if (store === null)
    throw new UsageError("that nobody is answered twice is known by the store: it cannot do without (--no-store)");
  try {
    return { site, store, languages: await languagesOf(site) };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

async function languagesOf({ mail }: Site): Promise<Languages> {
  if (mail.wordings === null) return builtInLanguages;
  const text = await readText(mail.wordings, 1024 * 1024).catch((error: unknown) => {
    throw error instanceof UnreadableFile ? new InputMissing(error.message, { cause: error }) : error;
  });
  const read = readOverrides(text);
  if (!read.ok) throw new DataError(`${mail.wordings}: ${read.expected}`);
  return read.value;
}

/** Drafts from what is named, or from what is new in `mail.abuseMailbox`. */
export async function draftFrom(
  paths: readonly string[],
  { site, store, languages }: RepliesAtHand,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<RepliesDocument> {
  const route = site.mail.abuseMailbox;
  const ports = { ...realPorts, store, tell };
  try {
    if (paths.length > 0)
      return await draftReplies({ site, paths, languages }, { ...ports, messages: messagesAt(site) }, signal);
    if (route === null)
      throw new UsageError("name a mailbox, or set mail.abuseMailbox in the site file (imaps://user@host/INBOX)");
    const server = await imapServerOf(site, route);
    const inbox = new InboxIntake(
      {
        name: nameOf(server),
        read: (skip, maxBytes, stop) => readImap(server, skip, maxBytes, stop),
        mark: (uidValidity, uids) => markImap(server, uidValidity, uids),
      },
      store,
    );
    const messages = (_path: string, maxBytes: number, stop: AbortSignal) => inbox.fresh(maxBytes, stop);
    const document = await draftReplies(
      { site, paths: [nameOf(server)], languages, mayBeEmpty: true },
      { ...ports, messages },
      signal,
    );
    if (!signal.aborted && !(await inbox.done()))
      tell("the mailbox keeps no keywords: what is done is known here alone");
    return document;
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw mailboxError(error);
  }
}

/** Reads a path, or all of a mailbox on a server, and leaves no trace in it. */
export function messagesAt(
  site: Site | null,
): (path: string, maxBytes: number, signal: AbortSignal) => AsyncIterable<RawMessage> {
  return (path, maxBytes, signal) =>
    /^imaps?:\/\//i.test(path) ? allOf(path, site, maxBytes, signal) : readMailbox(path, maxBytes, signal);
}

async function* allOf(
  url: string,
  site: Site | null,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<RawMessage> {
  const route = parseMailRoute(url, ["imap", "imaps"]);
  if (!route.ok) throw new UsageError(`the mailbox ${route.expected}`);
  try {
    yield* readImap(await imapServerOf(site, route.value), async () => new Set<number>(), maxBytes, signal);
  } catch (error) {
    throw mailboxError(error);
  }
}

/** A file for each answer, named by its state and id; what was sent as it was sent. */
export async function writeCopies(
  folder: string,
  { replies }: RepliesDocument,
  textOf: (id: string) => Promise<string | null>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { id, state } of replies) {
    const text = await textOf(id);
    if (text !== null) await writePieces(join(folder, `${state}-${id}.eml`), [text]);
  }
}

export function printReplies(document: RepliesDocument, { json, format }: ReplyOptions): void {
  const text =
    json === true || format === "json" ? jsonLine(document) : renderText(repliesListDocument(document), terminal());
  process.stdout.write(text);
}
