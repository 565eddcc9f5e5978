/** Where the daemon listens: `DaemonPortOptions` (Installation and Operation Guide §5.6, "DaemonPortOptions"). */
import { type IpAddress, isUnspecified, parseIp } from "../../../net/ip.ts";
import type { Span } from "../../../text/source.ts";

export interface DaemonPort {
  readonly name: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** `null`: every address of the family. */
  readonly address: IpAddress | null;
  readonly modifiers: string;
  readonly deliveryMode: string | null;
  readonly where: Span | null;
}

const ports: Readonly<Record<string, number>> = {
  smtp: 25,
  mail: 25,
  submission: 587,
  msa: 587,
  smtps: 465,
  ssmtp: 465,
  submissions: 465,
  urd: 465,
};

/** Reads one option; `null`: no port that strangers could reach (a socket of the file system), or none at all. */
export function readDaemonPort(value: string, where: Span | null, index: number): DaemonPort | null {
  const fields = new Map<string, string>();
  for (const item of value.split(",")) {
    const read = /^\s*(\w+)\s*=\s*(.*?)\s*$/s.exec(item);
    // The first letter of a key counts; D is the delivery mode, and small letters mean other things.
    if (read !== null) fields.set((read[1] ?? "").charAt(0).toUpperCase(), read[2] ?? "");
  }
  const family = (fields.get("F") ?? "inet").toLowerCase();
  const text = (fields.get("A") ?? "").replace(/^\[(.*)\]$/, "$1").replace(/^IPv6:/i, "");
  const parsed = parseIp(text === "localhost" ? (family === "inet6" ? "::1" : "127.0.0.1") : text);
  if (family !== "inet" && family !== "inet6" && family !== "iso") return null;
  const port = (fields.get("P") ?? "smtp").toLowerCase();
  const number = ports[port] ?? Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return null;
  return {
    name: fields.get("N") ?? `Daemon${index}`,
    port: number,
    family: family === "inet6" ? 6 : 4,
    address: parsed.ok && !isUnspecified(parsed.value) ? parsed.value : null,
    modifiers: fields.get("M") ?? "",
    deliveryMode: fields.get("D") ?? null,
    where,
  };
}

/** What listens where no option says anything. */
export const defaultPort: DaemonPort = {
  name: "MTA",
  port: 25,
  family: 4,
  address: null,
  modifiers: "",
  deliveryMode: null,
  where: null,
};
