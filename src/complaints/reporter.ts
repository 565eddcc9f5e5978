/**
 * Who complains. Lists, groups and ticket systems put themselves into From: the fields that keep the writer behind them come
 * first. Pure.
 */
import { fieldOf } from "../message/header.ts";
import { type Mail, type Writer, writersIn } from "./mail.ts";
import type { Reading } from "./reading.ts";

/** Google Groups, Request Tracker, and others that say whose mail they pass on. */
const behind = [
  "x-original-from",
  "x-original-sender",
  "x-rt-originator",
  "x-google-original-from",
  "x-forwarded-from",
] as const;

export function reporterOf(mail: Mail, reading: Reading): Writer | null {
  if (reading.reporter !== null) return reading.reporter;
  for (const name of behind) {
    const [found] = writersIn(fieldOf(mail.header, name));
    if (found !== undefined) return found;
  }
  return mail.from ?? writersIn(fieldOf(mail.header, "sender"))[0] ?? null;
}

/** Whether a list, a group or a ticket system stands between the reporter and us: its marks then say nothing of the reporter. */
export function isPassedOn(mail: Mail): boolean {
  return ["x-original-from", "x-original-sender", "x-rt-originator", "x-google-group-id", "resent-from"].some(
    (name) => fieldOf(mail.header, name) !== null,
  );
}
