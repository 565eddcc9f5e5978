/**
 * A submission server on loopback that says what a test wants, and keeps what it took: a message is kept before its 250 is
 * sent, so that whoever is killed in between can be told from whoever was not.
 */
import { createServer, type Socket } from "node:net";

export interface Taken {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

export interface Conduct {
  /** Instead of `250 ok` after RCPT. */
  readonly rcpt?: string;
  /** Instead of `354`. */
  readonly data?: string;
  /** Instead of taking it: a reply, or the end of the connection without one. */
  readonly dot?: string | "hang-up";
  /** Takes the message, and hangs up instead of saying so. */
  readonly taken?: "hang-up";
  /** Before whatever follows the dot. */
  readonly waitMs?: number;
}

export interface SubmissionServer extends AsyncDisposable {
  readonly port: number;
  readonly taken: readonly Taken[];
  /** Sessions that were begun. */
  readonly sessions: () => number;
}

export async function startSubmissionServer(conduct: (to: string) => Conduct = () => ({})): Promise<SubmissionServer> {
  const taken: Taken[] = [];
  const sockets = new Set<Socket>();
  let sessions = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    sessions += 1;
    serve(socket, conduct, taken);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const place = server.address();
  if (place === null || typeof place === "string") throw new Error("no port");
  return {
    port: place.port,
    taken,
    sessions: () => sessions,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(socket: Socket, conduct: (to: string) => Conduct, taken: Taken[]): void {
  let held = "";
  let from = "";
  let to = "";
  let inData = false;
  const say = (line: string): void => {
    if (!socket.destroyed) socket.write(`${line}\r\n`);
  };
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO") say("250-fake\r\n250 8BITMIME");
    else if (verb === "MAIL") {
      from = /<(.*?)>/.exec(line)?.[1] ?? "";
      say("250 ok");
    } else if (verb === "RCPT") {
      to = /<(.*?)>/.exec(line)?.[1] ?? "";
      say(conduct(to).rcpt ?? "250 ok");
    } else if (verb === "DATA") {
      const reply = conduct(to).data ?? "354 go on";
      inData = reply.startsWith("354");
      say(reply);
    } else if (verb === "AUTH") say("535 5.7.8 no");
    else if (verb === "QUIT") {
      say("221 bye");
      socket.end();
    } else say("250 ok");
  };
  const message = async (data: string): Promise<void> => {
    const { dot, taken: then, waitMs = 0 } = conduct(to);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (dot === "hang-up") return void socket.destroy();
    if (dot !== undefined) return say(dot);
    taken.push({ from, to, data });
    if (then === "hang-up") socket.destroy();
    else say(`250 2.0.0 taken as ${taken.length}`);
  };
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (text) => {
    held += String(text);
    for (;;) {
      const end = held.indexOf(inData ? "\r\n.\r\n" : "\r\n");
      if (end < 0) return;
      const part = held.slice(0, end);
      held = held.slice(end + (inData ? 5 : 2));
      if (inData) {
        inData = false;
        void message(part);
      } else command(part);
    }
  });
  say("220 fake ESMTP");
}
