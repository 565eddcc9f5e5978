/** One line of comma-separated values (RFC 4180) without line ends in fields. Fields are bounded in number. */

const maxFields = 64;

export function csvFields(line: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length && fields.length < maxFields) {
    if (line[at] !== '"') {
      const comma = line.indexOf(",", at);
      const end = comma < 0 ? line.length : comma;
      fields.push(line.slice(at, end));
      at = end + 1;
      continue;
    }
    let text = "";
    let from = at + 1;
    for (;;) {
      const quote = line.indexOf('"', from);
      if (quote < 0) {
        text += line.slice(from);
        at = line.length + 1;
        break;
      }
      text += line.slice(from, quote);
      if (line[quote + 1] !== '"') {
        const comma = line.indexOf(",", quote);
        at = comma < 0 ? line.length + 1 : comma + 1;
        break;
      }
      text += '"';
      from = quote + 2;
    }
    fields.push(text);
  }
  return fields;
}
