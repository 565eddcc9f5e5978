/** The readers, in the order in which they are asked: what is told by its own marks before what is told by its words. */
import { readAggregate } from "./formats/aggregate.ts";
import { readArf } from "./formats/arf.ts";
import { readAutomaticReply, readBounce } from "./formats/bounce.ts";
import { readCsv } from "./formats/csv.ts";
import { readJmrp } from "./formats/jmrp.ts";
import { readListNotice } from "./formats/list-notice.ts";
import { readPlain } from "./formats/plain.ts";
import { readSpamcop, readSpamcopSummary } from "./formats/spamcop.ts";
import { readXArf } from "./formats/x-arf.ts";
import { readXarf } from "./formats/xarf.ts";
import { embeddedIn, type Mail } from "./mail.ts";
import type { Reading } from "./reading.ts";

type Reader = (mail: Mail) => Reading | readonly Reading[] | null;

/** To add a format: a file below `formats/`, and a line here. */
const readers: readonly Reader[] = [
  readXarf,
  readArf,
  readXArf,
  readSpamcop,
  readSpamcopSummary,
  readJmrp,
  readAggregate,
  readCsv,
  readListNotice,
  readBounce,
  readAutomaticReply,
];

/** At least one reading: a message that no reader knows is read as plain words. */
export function readingsOf(mail: Mail): readonly Reading[] {
  const own = structured(mail);
  if (own !== null) return own;
  // A person, a list or a ticket system passes reports on as they came: the report lies within.
  for (const inner of embeddedIn(mail)) {
    const found = structured(inner) ?? within(inner);
    if (found?.some(({ format }) => format !== "bounce" && format !== "automatic-reply" && format !== "aggregate"))
      return found;
  }
  return [readPlain(mail)];
}

function within(mail: Mail): readonly Reading[] | null {
  for (const inner of embeddedIn(mail)) {
    const found = structured(inner) ?? within(inner);
    if (found !== null) return found;
  }
  return null;
}

function structured(mail: Mail): readonly Reading[] | null {
  for (const read of readers) {
    const found = read(mail);
    if (found === null) continue;
    const list = Array.isArray(found) ? (found as readonly Reading[]) : [found as Reading];
    if (list.length > 0) return list;
  }
  return null;
}
