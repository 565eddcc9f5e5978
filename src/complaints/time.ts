/**
 * Times as reports write them: RFC 5322, ISO 8601, `Thu Feb 13 18:28:15 2014 +0000`, `26.09.2016 09:12`, UNIX seconds. What
 * is missing is filled in and said: a guessed zone may be hours away from the log line it should lead to. Pure.
 */

export interface EventTime {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What was not written and had to be assumed. */
  readonly assumed: readonly ("zone" | "year" | "time" | "order of day and month")[];
}

const months =
  "jan|ene|feb|fev|fév|mar|mär|mrz|apr|abr|avr|may|mai|mag|jun|giu|jul|lug|aug|ago|aoû|sep|set|oct|okt|out|ott|nov|dec|dez|dic|déc";
const monthNumbers: Readonly<Record<string, number>> = {
  jan: 1,
  ene: 1,
  feb: 2,
  fev: 2,
  fév: 2,
  mar: 3,
  mär: 3,
  mrz: 3,
  apr: 4,
  abr: 4,
  avr: 4,
  may: 5,
  mai: 5,
  mag: 5,
  jun: 6,
  giu: 6,
  jul: 7,
  lug: 7,
  aug: 8,
  ago: 8,
  aoû: 8,
  sep: 9,
  set: 9,
  oct: 10,
  okt: 10,
  out: 10,
  ott: 10,
  nov: 11,
  dec: 12,
  dez: 12,
  dic: 12,
  déc: 12,
};

/** Zones that mean one thing only, in hours; others (IST, CST in China, BST in Bangladesh) are taken for unknown. */
const zones: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  wet: 0,
  est: -5,
  edt: -4,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
  cet: 1,
  mez: 1,
  cest: 2,
  mesz: 2,
  eet: 2,
  eest: 3,
  msk: 3,
  jst: 9,
  brt: -3,
};

/** The first time in the text. `near`: where no year is written, the latest such day before it is meant. */
export function parseTime(text: string, near: Date | null): EventTime | null {
  const source = text
    .slice(0, 300)
    .replace(/\([^)]*\)/g, (comment) => (/[0-9]/.test(comment) ? " " : comment.replace(/[()]/g, " ")));
  const unix = /(?<![\d.-])1[0-9]{9}(?![\d.-])/.exec(source);
  const day = dayIn(source, near);
  if (day === null) return unix === null ? null : { at: new Date(Number(unix[0]) * 1000).toISOString(), assumed: [] };
  const clock = /(?<![\d:.])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(?:\s*([ap])\.?m\b\.?)?/i.exec(source);
  const [, hours = "0", minutes = "0", seconds = "0", half] = clock ?? [];
  const twelve = half !== undefined && Number(hours) <= 12;
  const hour = twelve ? (Number(hours) % 12) + (half.toLowerCase() === "p" ? 12 : 0) : Number(hours);
  if (hour > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  const zone = clock === null ? null : zoneAfter(source.slice(clock.index + clock[0].length));
  const ms = Date.UTC(day.year, day.month - 1, day.day, hour, Number(minutes), Number(seconds)) - (zone ?? 0) * 60_000;
  if (new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDate() !== day.day) return null;
  return {
    at: new Date(ms).toISOString(),
    assumed: [
      ...(clock === null ? (["time"] as const) : zone === null ? (["zone"] as const) : []),
      ...(day.yearAssumed ? (["year"] as const) : []),
      ...(day.orderAssumed ? (["order of day and month"] as const) : []),
    ],
  };
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly yearAssumed: boolean;
  readonly orderAssumed: boolean;
}

const iso = /(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/;
const dayMonth = new RegExp(
  `(?<![\\d:])(\\d{1,2})(?:st|nd|rd|th|\\.)?[ \\-/]*(${months})[\\p{L}]*\\.?[ \\-/,]*(?:(\\d{4}|\\d{2})(?![\\d:]))?`,
  "iu",
);
const monthDay = new RegExp(`(?<!\\p{L})(${months})[\\p{L}]*\\.?[ \\-/]+(\\d{1,2})(?:st|nd|rd|th)?(?![\\d:])`, "iu");
const numeric = /(?<![\d.])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?![\d.])/;

function dayIn(text: string, near: Date | null): Day | null {
  const plain = { yearAssumed: false, orderAssumed: false };
  const a = iso.exec(text);
  if (a !== null) return valid({ ...plain, year: Number(a[1]), month: Number(a[2]), day: Number(a[3]) });
  const b = dayMonth.exec(text);
  if (b !== null) return named(b[2], b[1], b[3] ?? yearIn(text), near);
  const c = monthDay.exec(text);
  if (c !== null) return named(c[1], c[2], yearIn(text.slice(c.index + c[0].length)), near);
  const d = numeric.exec(text);
  if (d === null) return null;
  const [, first = "", separator, second = "", year = ""] = d;
  // 26.09.2016 is read the same everywhere; 09/10/2016 is not.
  const swapped = Number(second) > 12;
  const sure = separator === "." || swapped || Number(first) > 12 || first === second;
  const [day, month] = swapped ? [second, first] : [first, second];
  return valid({
    year: fullYear(year),
    month: Number(month),
    day: Number(day),
    yearAssumed: false,
    orderAssumed: !sure,
  });
}

function named(month: string | undefined, day: string | undefined, year: string | null, near: Date | null): Day | null {
  const number = monthNumbers[month?.toLowerCase() ?? ""];
  if (number === undefined) return null;
  const found = { month: number, day: Number(day), orderAssumed: false };
  if (year !== null) return valid({ ...found, year: fullYear(year), yearAssumed: false });
  if (near === null) return null;
  // A day of grace: the reporter's clock or zone may be ahead.
  const thisYear = near.getUTCFullYear();
  const ahead = Date.UTC(thisYear, number - 1, found.day) > near.getTime() + 86_400_000;
  return valid({ ...found, year: ahead ? thisYear - 1 : thisYear, yearAssumed: true });
}

const yearIn = (text: string): string | null => /(?<![\d:+-])((?:19|20)\d{2})(?![\d:])/.exec(text)?.[1] ?? null;

/** RFC 5322 §4.3: two digits below 50 are of this century. */
function fullYear(text: string): number {
  const value = Number(text);
  return text.length > 2 ? value : value < 50 ? 2000 + value : 1900 + value;
}

function valid(day: Day): Day | null {
  const { year, month, day: date } = day;
  return year >= 1990 && year <= 2100 && month >= 1 && month <= 12 && date >= 1 && date <= 31 ? day : null;
}

/** Minutes east of UTC; null: none that is known. */
function zoneAfter(text: string): number | null {
  const offset = /^[^\n]{0,12}?(?:GMT|UTC|\s|^)\s*([+-])(\d{2}):?(\d{2})(?!\d)/i.exec(text);
  if (offset !== null && Number(offset[2]) <= 14 && Number(offset[3]) < 60)
    return (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
  const name = /^\s*(?:\d{4}\s+)?\(?([a-z]{1,5})(?![a-z])/i.exec(text)?.[1]?.toLowerCase();
  const hours = name === undefined ? undefined : zones[name];
  return hours === undefined ? null : hours * 60;
}
