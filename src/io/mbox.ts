/**
 * Splits an mbox (RFC 4155) into messages, or takes a stream that is none as one message. The dialects differ in what a body
 * line that begins with `From ` becomes: `>From ` (mboxo), one `>` more (mboxrd), or itself, with Content-Length counting the
 * bytes (mboxcl2). No field says which it is, so a separator must look like one: an empty line before it, an address and a
 * date in it. Holds one message, up to a bound.
 */

export interface SplitMessage {
  readonly bytes: Buffer;
  readonly cut: boolean;
}

const lf = 0x0a;
const cr = 0x0d;

/** A whole line is needed to judge it, and the empty one before it. */
const maxSeparator = 1024;
const lookBehind = 4;

/** `From sender date`: the date has at least a day and a time. */
const separator =
  /^From (?:\S{1,320}|"[^"]{1,300}"@\S{1,255}) {1,4}(?:[A-Z][a-z]{2},? |\d{4}-\d{2}-\d{2}|\d{1,2} [A-Z][a-z]{2}).{0,80}\d{1,2}:\d{2}/;

export class MboxSplitter {
  readonly #maxBytes: number;
  /** Not yet judged, with a few bytes before it. */
  #pending: Buffer = Buffer.alloc(0);
  /** How much of it is those few bytes. */
  #judged = 0;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #cut = false;
  #form: "unknown" | "mbox" | "message" = "unknown";

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Messages that this chunk completes. */
  push(chunk: Buffer): readonly SplitMessage[] {
    return this.#judge(chunk, maxSeparator);
  }

  /** What is left: the last message. */
  end(): readonly SplitMessage[] {
    const done = this.#judge(Buffer.alloc(0), 0);
    this.#keep(this.#pending);
    this.#pending = Buffer.alloc(0);
    return [...done, ...this.#take()];
  }

  /** Judges all lines but those that begin in the last `open` bytes. */
  #judge(chunk: Buffer, open: number): readonly SplitMessage[] {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const limit = data.length - open;
    let start = 0;
    if (this.#form === "unknown") {
      if (limit <= 0 && open > 0) {
        this.#pending = data;
        return [];
      }
      while (data[start] === lf || data[start] === cr) start += 1;
      const end = lineEnd(data, start);
      this.#form = isSeparator(data, start, end) ? "mbox" : "message";
      start = this.#form === "mbox" ? end + 1 : 0;
      this.#judged = start;
    }
    if (this.#form === "message") {
      this.#keep(data);
      this.#pending = Buffer.alloc(0);
      return [];
    }
    const done: SplitMessage[] = [];
    for (let at = nextLine(data, this.#judged, limit); at >= 0; at = nextLine(data, at + 1, limit)) {
      const end = lineEnd(data, at);
      if (!isSeparator(data, at, end)) continue;
      this.#keep(data.subarray(start, at));
      done.push(...this.#take());
      start = Math.min(end + 1, data.length);
    }
    const rest = Math.max(start, limit - lookBehind);
    this.#keep(data.subarray(start, rest));
    this.#pending = Buffer.from(data.subarray(rest)); // a copy: a slice would keep its whole chunk alive
    this.#judged = Math.max(0, limit - rest);
    return done;
  }

  #keep(bytes: Buffer): void {
    const room = this.#maxBytes - this.#keptBytes;
    if (bytes.length > room) this.#cut = true;
    if (room <= 0 || bytes.length === 0) return;
    const part = Buffer.from(bytes.subarray(0, room));
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }

  #take(): readonly SplitMessage[] {
    const bytes = Buffer.concat(this.#kept);
    const message = { bytes, cut: this.#cut };
    this.#kept = [];
    this.#keptBytes = 0;
    this.#cut = false;
    return bytes.every((byte) => byte === lf || byte === cr) ? [] : [message];
  }
}

/** The next `From ` that follows an empty line and begins before the limit; -1: none. */
function nextLine(data: Buffer, from: number, limit: number): number {
  for (
    let at = data.indexOf("From ", from, "latin1");
    at >= 0 && at < limit;
    at = data.indexOf("From ", at + 1, "latin1")
  ) {
    const before = data[at - 2] === cr ? data[at - 3] : data[at - 2];
    // The line before the first of a message is its separator.
    if (data[at - 1] === lf && (before === lf || before === undefined)) return at;
  }
  return -1;
}

function lineEnd(data: Buffer, from: number): number {
  const end = data.indexOf(lf, from);
  return end < 0 ? data.length : end;
}

function isSeparator(data: Buffer, at: number, end: number): boolean {
  return end - at <= maxSeparator && separator.test(data.toString("latin1", at, end));
}
