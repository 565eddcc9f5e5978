// A mailer of its own process that writes a message to a file before it says 250: what it has said yes to survives its
// death. Arguments: port, folder. Prints "ready".
import { appendFileSync, fsyncSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const [port, folder = "."] = process.argv.slice(2);
const mailbox = openSync(join(folder, "arrived"), "a");

const server = createServer((socket) => {
  let buffer = "";
  let data = false;
  let recipients: string[] = [];
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    buffer += chunk.toString("latin1");
    for (;;) {
      const end = data ? buffer.indexOf("\r\n.\r\n") : buffer.indexOf("\r\n");
      if (end < 0) return;
      const text = buffer.slice(0, end);
      buffer = buffer.slice(end + (data ? 5 : 2));
      if (data) {
        data = false;
        writeSync(mailbox, `${/^Message-ID: <(.*)>/m.exec(text)?.[1]} ${recipients.join(" ")}\n`);
        fsyncSync(mailbox);
        socket.write("250 2.0.0 stored\r\n");
      } else if (/^DATA/i.test(text)) {
        data = true;
        socket.write("354 go on\r\n");
      } else {
        if (/^(MAIL|EHLO|RSET)/i.test(text)) recipients = [];
        if (/^RCPT/i.test(text)) recipients.push(text.slice(8));
        socket.write("250 ok\r\n");
      }
    }
  });
  socket.write("220 durable.example ESMTP\r\n");
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("uncaughtException", (error) => {
  appendFileSync(join(folder, "trouble"), `${error}\n`);
  process.exit(1);
});
