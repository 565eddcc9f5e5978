/** Knocking made real: one plain socket each, without anything that a conversation would need. */
import net from "node:net";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Knock, Knocker } from "../ports.ts";

export function tcpKnocker(source: IpAddress | null): Knocker {
  const local = source === null ? {} : { localAddress: formatIp(source) };
  return {
    knock({ address, port }, timeoutMs, done) {
      const began = performance.now();
      const socket = new net.Socket();
      let settled = false;
      const settle = (kind: Knock["kind"] | null): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        // A reset leaves nothing behind, on either side.
        if (kind === "open") socket.resetAndDestroy();
        else socket.destroy();
        if (kind !== null) done({ kind, ms: performance.now() - began });
      };
      const timer = setTimeout(() => settle("filtered"), timeoutMs);
      socket.on("connect", () => settle("open"));
      socket.on("error", (error: NodeJS.ErrnoException) => settle(kindOf(error.code)));
      socket.connect({ host: formatIp(address), port, autoSelectFamily: false, ...local });
      return () => settle(null);
    },
  };
}

function kindOf(code: string | undefined): Knock["kind"] {
  switch (code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "closed";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EACCES":
      return "unreachable";
    case "ETIMEDOUT":
      return "filtered";
    default:
      return "refused-here"; // no descriptor, no port, no address of ours, or our own filter (EPERM)
  }
}
