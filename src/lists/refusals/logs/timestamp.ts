/**
 * Times as logs write them. Syslog of old (RFC 3164 §4.1.2) leaves out the year and the zone: the year is the last one in
 * which that moment was not yet to come, the zone that of the machine that reads.
 */

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const dayMs = 86_400_000;

export interface LogClock {
  /** `Nov 24 19:41:25`, with a year where one was written. */
  syslog(month: string, day: string, time: string, year: string | undefined): number | null;
  /** `2026-11-24 19:41:25`, `2026-11-24T19:41:25.123456+01:00`; `zone` is empty where none was written. */
  iso(day: string, time: string, zone: string): number | null;
  /** A year was missing, and taken from the end of the file. */
  readonly guessedYear: boolean;
  /** A zone was missing. */
  readonly guessedZone: boolean;
}

/** `latest`: when the file was last written; nothing in it is later than a day after. */
export function logClock(latest: number): LogClock {
  let guessedYear = false;
  let guessedZone = false;
  // Neighbours in a log share their second: reading a time costs more than all else of a line.
  let last = "";
  let lastMs: number | null = null;
  const remembered = (key: string, read: () => number | null): number | null => {
    if (key !== last) {
      last = key;
      const ms = read();
      lastMs = ms === null || Number.isNaN(ms) ? null : ms;
    }
    return lastMs;
  };
  return {
    get guessedYear() {
      return guessedYear;
    },
    get guessedZone() {
      return guessedZone;
    },
    syslog: (month, day, time, year) =>
      remembered(`${month} ${day} ${time} ${year}`, () => {
        const index = months.indexOf(month);
        if (index < 0) return null;
        const [hour = 0, minute = 0, second = 0] = time.split(":").map(Number);
        const at = (of: number) => new Date(of, index, Number(day), hour, minute, second).getTime();
        guessedZone = true;
        if (year !== undefined) return at(Number(year));
        guessedYear = true;
        const now = new Date(latest).getFullYear();
        // A leap day is looked for in the years before.
        for (let of = now + 1; of > now - 9; of--) {
          const ms = at(of);
          if (ms <= latest + dayMs && new Date(ms).getMonth() === index) return ms;
        }
        return null;
      }),
    iso: (day, time, zone) =>
      remembered(`${day} ${time} ${zone}`, () => {
        if (zone === "") guessedZone = true;
        const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
        return Date.parse(`${day}T${time.replace(",", ".").slice(0, 12)}${offset}`);
      }),
  };
}
