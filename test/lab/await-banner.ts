// `node await-banner.ts MS LISTENERS`: waits until each listener greets with 220. Exit 1, and their names, if one
// does not in time.
import net from "node:net";
import tls from "node:tls";
import type { PortListener } from "./variant.ts";

const [limit = "30000", text = "[]"] = process.argv.slice(2);
const deadline = Date.now() + Number(limit);
// Written by mailer.ts from values of this type.
const listeners = JSON.parse(text) as readonly PortListener[];

const silent = (
  await Promise.all(
    listeners.map(async (listener) => {
      while (Date.now() < deadline) {
        if (await greets(listener)) return null;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return `${listener.address} port ${listener.port}`;
    }),
  )
).filter((name) => name !== null);
if (silent.length > 0) process.stderr.write(`no greeting from ${silent.join(", ")}\n`);
process.exit(silent.length > 0 ? 1 : 0);

function greets({ address, port, implicitTls, behindProxy }: PortListener): Promise<boolean> {
  return new Promise((resolve) => {
    const plain = net.connect({ host: address, port });
    if (behindProxy) plain.write(proxyHeader(address, port));
    const socket = implicitTls
      ? tls.connect({ socket: plain, rejectUnauthorized: false, minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" })
      : plain;
    const done = (greeted: boolean): void => {
      if (greeted) socket.end("QUIT\r\n");
      else socket.destroy();
      resolve(greeted);
    };
    plain.on("error", () => done(false));
    socket.on("error", () => done(false));
    socket.on("close", () => resolve(false));
    socket.setTimeout(5000, () => done(false));
    socket.once("data", (bytes) => done(String(bytes).startsWith("220")));
  });
}

function proxyHeader(address: string, port: number): string {
  return address.includes(":")
    ? `PROXY TCP6 2001:db8:99::9 ${address} 40000 ${port}\r\n`
    : `PROXY TCP4 203.0.113.9 ${address} 40000 ${port}\r\n`;
}
