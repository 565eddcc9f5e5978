// A mailer behind the guard's proxy: open to everybody, and it misbehaves on cue. A message counts as soon as it says 250.
import { createServer, type Server, type Socket } from "node:net";

export interface UpstreamCues {
  /** Replies by verb instead of its own (`RCPT`, `DATA`, `.` for the end of data); null closes the connection. */
  readonly says?: Readonly<Record<string, string | null>>;
  readonly keywords?: readonly string[];
  /** Takes what some mailers take for the end of data. */
  readonly lenient?: true;
}

export interface TakenMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: string;
}

export interface FakeUpstream extends AsyncDisposable {
  readonly port: number;
  readonly taken: readonly TakenMessage[];
  /** Every command line of every session, and `[bytes]` of BDAT. */
  readonly heard: readonly string[];
  readonly sessions: () => number;
}

export async function fakeUpstream(cues: UpstreamCues = {}): Promise<FakeUpstream> {
  const taken: TakenMessage[] = [];
  const heard: string[] = [];
  const open = new Set<Socket>();
  let sessions = 0;
  const server: Server = createServer((socket) => {
    sessions += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => {});
    serve(socket, cues, taken, heard);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    taken,
    heard,
    sessions: () => sessions,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(
  socket: Socket,
  { says = {}, keywords = ["PIPELINING", "8BITMIME", "SIZE 1000000", "CHUNKING"], lenient }: UpstreamCues,
  taken: TakenMessage[],
  heard: string[],
): void {
  let buffer = "";
  let from = "";
  let to: string[] = [];
  let content = "";
  let mode: "commands" | "data" | { left: number; last: boolean } = "commands";
  const say = (verb: string, own: string): void => {
    const said = says[verb];
    if (said === null) socket.destroy();
    else socket.write(`${said ?? own}\r\n`);
  };
  const finish = (): void => {
    if (says["."] === undefined || says["."]?.startsWith("2")) taken.push({ from, to, content });
    [from, to, content] = ["", [], ""];
  };
  const onLine = (line: string): void => {
    heard.push(line);
    const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
    if (verb === "MAIL") from = line.slice(10);
    if (verb === "RCPT" && (says.RCPT ?? "250").startsWith("2")) to.push(line.slice(8));
    if (verb === "RSET" || verb === "EHLO") [from, to, content] = ["", [], ""];
    if (verb === "EHLO")
      say(verb, ["250-up.example", ...keywords.map((word) => `250-${word}`), "250 HELP"].join("\r\n"));
    else if (verb === "DATA") {
      if ((says.DATA ?? "354").startsWith("354")) mode = "data";
      say(verb, "354 go on");
    } else if (verb === "BDAT") {
      const [, size = "0", last] = line.split(" ");
      mode = { left: Number(size), last: last !== undefined };
    } else if (verb === "XCLIENT") say(verb, "220 up.example");
    else if (verb === "QUIT") {
      say(verb, "221 bye");
      socket.end();
    } else say(verb, "250 2.0.0 ok");
  };
  const end = lenient === true ? /(^|\r\n|\n|\r)\.(\r\n|\n|\r)/ : /(^|\r\n)\.\r\n/;
  socket.on("data", (chunk) => {
    buffer += chunk.toString("latin1");
    for (;;) {
      if (typeof mode === "object") {
        const part = buffer.slice(0, mode.left);
        content += part;
        buffer = buffer.slice(part.length);
        mode.left -= part.length;
        if (mode.left > 0) return;
        heard.push(`[${part.length}]`);
        if (mode.last) finish();
        mode = "commands";
        say("BDAT", "250 2.0.0 ok");
      } else if (mode === "data") {
        const match = end.exec(buffer);
        if (match === null) return;
        content = buffer.slice(0, match.index + (match[1]?.length ?? 0));
        buffer = buffer.slice(match.index + match[0].length);
        mode = "commands";
        finish();
        say(".", "250 2.0.0 queued");
      } else {
        const at = buffer.indexOf("\n");
        if (at < 0) return;
        const line = buffer.slice(0, at).replace(/\r$/, "");
        buffer = buffer.slice(at + 1);
        onLine(line);
      }
    }
  });
  say("", "220 up.example ESMTP");
}
