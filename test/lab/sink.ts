// `node sink.ts ADDRESS…`: takes all mail on port 25 of these addresses and writes each message as a JSON line, until
// stdin ends. It shares nothing with src/: what it saw is the truth by which src/ is judged.
import net from "node:net";

export type Caught = {
  readonly at: string;
  readonly peer: string;
  readonly helo: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
};

function serve(socket: net.Socket): void {
  let held = "";
  let helo = "";
  let from = "";
  let to: string[] = [];
  let inData = false;
  const reply = (line: string): void => {
    socket.write(`${line}\r\n`);
  };
  const command = (line: string): void => {
    const [verb = ""] = line.toUpperCase().split(/[ :]/);
    if (verb === "EHLO" || verb === "HELO") {
      helo = line.slice(5);
      reply("250 sink");
    } else if (verb === "MAIL") {
      from = line.slice("MAIL FROM:".length);
      to = [];
      reply("250 ok");
    } else if (verb === "RCPT") {
      to.push(line.slice("RCPT TO:".length));
      reply("250 ok");
    } else if (verb === "DATA") {
      inData = true;
      reply("354 go on");
    } else if (verb === "QUIT") {
      reply("221 bye");
      socket.end();
    } else reply("250 ok");
  };
  const message = (data: string): void => {
    const caught: Caught = { at: new Date().toISOString(), peer: socket.remoteAddress ?? "", helo, from, to, data };
    process.stdout.write(`${JSON.stringify(caught)}\n`);
    reply("250 caught");
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
        message(part);
      } else command(part);
    }
  });
  reply("220 sink ESMTP");
}

if (import.meta.main) {
  const addresses = process.argv.slice(2);
  let waiting = addresses.length;
  for (const address of addresses)
    net.createServer(serve).listen(25, address, () => {
      if (--waiting === 0) process.stdout.write("ready\n");
    });
  process.stdin.on("end", () => process.exit(0)).resume();
}
