/**
 * Servers that are no mailers, or bad ones: each row is a way to behave towards a client, on a raw socket. They hold
 * back when the client does not read, so that the flood is as great as the client lets it be and no greater.
 */
import net from "node:net";

/** What a hostile server does with one connection. */
type Conduct = (socket: net.Socket) => void;

const greeting = "220 mx.ourcollege.example ESMTP\r\n";

/** Writes the same bytes for as long as someone takes them. */
function flood(socket: net.Socket, bytes: string): void {
  const block = Buffer.from(bytes.repeat(Math.ceil(16_384 / bytes.length)), "latin1");
  const pour = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(block));
  };
  socket.on("drain", pour);
  pour();
}

/** One byte at a time, and never to the end of the line. */
function drip(socket: net.Socket, bytes: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes[at++ % bytes.length] ?? "-"), 20);
  socket.on("close", () => clearInterval(timer));
}

/** Answers each line; `null` answers nothing. */
function answering(socket: net.Socket, answer: (line: string) => string | null): void {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const said = answer(text.slice(0, end).trimEnd());
      text = text.slice(end + 1);
      if (said !== null && socket.writable) socket.write(said, "latin1");
    }
  });
}

export const hostile = {
  "endless banner": (socket) => flood(socket, "220-welcome\r\n"),
  "endless reply to EHLO": (socket) => {
    socket.write(greeting);
    socket.once("data", () => flood(socket, "250-X-ANOTHER\r\n"));
  },
  "a flood without a line end": (socket) => flood(socket, "220 mx "),
  "a flood after the greeting": (socket) => {
    socket.write(greeting);
    socket.once("data", () => flood(socket, "2500000"));
  },
  "NULs in every reply": (socket) => {
    socket.write("220 mx\0.ourcollege\0.example\r\n");
    answering(socket, () => "\0\x00250 \0\xff\r\n");
  },
  "a banner byte by byte": (socket) => drip(socket, "220-slow "),
  "a reply byte by byte": (socket) => {
    socket.write(greeting);
    socket.once("data", () => drip(socket, "250-slow "));
  },
  "reset at once": (socket) => socket.resetAndDestroy(),
  "reset after MAIL": (socket) => {
    socket.write(greeting);
    answering(socket, (line) => {
      if (!/^MAIL/i.test(line)) return "250 ok\r\n";
      socket.resetAndDestroy();
      return null;
    });
  },
  "half-closed after the banner": (socket) => void socket.end(greeting),
  "closed at once": (socket) => void socket.end(),
  silent: () => {},
  "silent after the banner": (socket) => void socket.write(greeting),
  "silent at RCPT": (socket) => {
    socket.write(greeting);
    answering(socket, (line) => (/^RCPT/i.test(line) ? null : "250 ok\r\n"));
  },
  "garbage after STARTTLS": (socket) => {
    socket.write(greeting);
    answering(socket, (line) => {
      if (/^EHLO/i.test(line)) return "250-mx.ourcollege.example\r\n250 STARTTLS\r\n";
      return /^STARTTLS/i.test(line) ? `220 go\r\n${"\x16\x03garbage".repeat(20)}` : "250 ok\r\n";
    });
  },
  "codes from 1xx and 6xx": (socket) => {
    socket.write("120 mx.ourcollege.example ready\r\n");
    answering(socket, () => "650 no such thing\r\n");
  },
  "codes that differ in one reply": (socket) => {
    socket.write(greeting);
    answering(socket, () => "250-yes\r\n550-no\r\n421 perhaps\r\n");
  },
  "250 to everything": (socket) => {
    socket.write("220 mx.ourcollege.example\r\n");
    answering(socket, () => "250 ok\r\n");
  },
  "501 to a literal in HELO": (socket) => {
    socket.write(greeting);
    answering(socket, (line) => (/^(EHLO|HELO) \[/i.test(line) ? "501 5.5.2 a name, please\r\n" : "250 ok\r\n"));
  },
  "220 to everything": (socket) => {
    socket.write("220 mx.ourcollege.example\r\n");
    answering(socket, () => "220 ok\r\n");
  },
  "354 to everything": (socket) => {
    socket.write("220 mx.ourcollege.example\r\n");
    answering(socket, () => "354 go on\r\n");
  },
  "two replies to each command": (socket) => {
    socket.write(greeting);
    answering(socket, () => "250 ok\r\n250 ok\r\n");
  },
  HTTP: (socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    setTimeout(() => socket.destroy(), 50).unref();
  },
} as const satisfies Record<string, Conduct>;
export type HostileConduct = keyof typeof hostile;

export interface HostileServer extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients took. */
  readonly written: () => number;
  /** Connections that no client has ended. */
  readonly left: () => number;
}

/** Starts one on 127.0.0.1. */
export async function startHostile(name: HostileConduct): Promise<HostileServer> {
  const conduct: Conduct = hostile[name];
  const all = new Set<net.Socket>();
  const open = new Set<net.Socket>();
  let written = 0;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    all.add(socket);
    open.add(socket);
    socket.on("error", () => {});
    socket.on("end", () => open.delete(socket));
    socket.on("close", () => {
      written += socket.bytesWritten;
      all.delete(socket);
      open.delete(socket);
    });
    // Without a reader the end of the other side is never seen.
    socket.resume();
    conduct(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: address === null || typeof address === "string" ? 0 : address.port,
    written: () => written,
    left: () => open.size,
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
