/**
 * Tells answers of machines (delivery status notifications, RFC 3464; automatic replies, RFC 3834) from mail that was
 * passed on. Pure.
 */
import { fieldOf, type HeaderField } from "./header.ts";

export type Automatic = "report" | "reply" | null;

/** What a message says of itself in its header section, and with which reverse-path it came. */
export function automaticKind(fields: readonly HeaderField[], reversePath: string): Automatic {
  const type = (fieldOf(fields, "content-type") ?? "").toLowerCase();
  if (type.startsWith("multipart/report")) return "report";
  const auto = (fieldOf(fields, "auto-submitted") ?? "no").toLowerCase();
  if (auto.startsWith("auto-replied")) return "reply";
  // Exim and qmail also bounce without MIME; what marks these is who writes and the null reverse-path (RFC 5321 §4.5.5).
  const from = (fieldOf(fields, "from") ?? "").toLowerCase();
  if (fieldOf(fields, "x-failed-recipients") !== null) return "report";
  if (reversePath === "<>" && /mailer-daemon|postmaster/.test(from)) return "report";
  if (reversePath === "<>" && auto !== "no") return "report";
  return null;
}
