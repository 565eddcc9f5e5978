/**
 * Takes a line of syslog apart: RFC 3164, RFC 5424, RFC 3339 times as rsyslog and journald write them, with or without
 * priority, host, process id, and whatever a container runtime writes before it.
 */
import type { LogClock } from "./timestamp.ts";

export interface SyslogLine {
  readonly at: number | null;
  /** `postfix/smtp`, `sm-mta`, `exim`; empty: the line names none. */
  readonly program: string;
  readonly message: string;
}

/** `mail-1  | `, `<22>`, and the version of RFC 5424. */
const before = /^(?:[\w.-]{1,64} {1,40}\| )?(?:<\d{1,3}>)?(1 (?=\d{4}-))?/;
const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d)?(?= |\t|$)/;
const classic =
  /^(?:(\d{4}) )?(?:[A-Z][a-z]{2} (?=[A-Z]))?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?: (\d{4})(?= ))?:?/;
const program = /^(?:\S{1,255} )?([A-Za-z][\w./-]{0,80})(?:\[\d{1,10}\])?: (?:\[ID \d{1,10} [\w.]{1,20}\] )?/;
const structured = /^\S{1,255} (\S{1,80}) \S{1,20} \S{1,40} (?:-|\[[^\]]{0,500}\]) (?:\ufeff|\u00ef\u00bb\u00bf)?/;
const repeated = /^message repeated \d{1,9} times: \[ ?(.*)\]$/s;

/** Null: it starts with no time that we know. */
export function splitSyslog(line: string, clock: LogClock): SyslogLine | null {
  const lead = before.exec(line);
  let at: number | null = null;
  let rest = line.slice(lead?.[0].length ?? 0);
  const stamp = iso.exec(rest);
  if (stamp !== null) {
    at = clock.iso(stamp[1] ?? "", stamp[2] ?? "", stamp[3] ?? "");
    rest = rest.slice(stamp[0].length).trimStart();
  } else {
    const old = classic.exec(rest);
    if (old === null) return null;
    at = clock.syslog(old[2] ?? "", old[3] ?? "", old[5] ?? "", old[1] ?? old[4] ?? old[6]);
    rest = rest.slice(old[0].length).trimStart();
  }
  if (lead?.[1] !== undefined) {
    const fields = structured.exec(rest);
    if (fields !== null) return { at, program: fields[1] ?? "", message: rest.slice(fields[0].length) };
  }
  const named = program.exec(rest);
  if (named === null) return { at, program: "", message: rest };
  const message = rest.slice(named[0].length);
  return { at, program: named[1] ?? "", message: repeated.exec(message)?.[1]?.trimEnd() ?? message };
}
