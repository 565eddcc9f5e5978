/** What the machine says of itself: the addresses of its interfaces, and which program has a port. */
import { createSocket } from "node:dgram";
import { readdir, readFile, readlink } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";

/** All addresses of all interfaces, loopback included. */
export function interfaceAddresses(): readonly IpAddress[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ address }) => {
      const parsed = parseIp(address.replace(/%.*$/, ""));
      return parsed.ok ? [parsed.value] : [];
    });
}

/** The address of ours that a packet to this one would bear; null if there is no way. Sends nothing. */
export async function sourceTowards(address: IpAddress): Promise<IpAddress | null> {
  const socket = createSocket(address.family === 4 ? "udp4" : "udp6");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      // Of a datagram socket this only looks up the route.
      socket.connect(9, formatIp(address), () => resolve());
    });
    const parsed = parseIp(socket.address().address.replace(/%.*$/, ""));
    return parsed.ok ? parsed.value : null;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}

/** The state of a listening socket in /proc/net/tcp. */
const listening = "0A";

/** The program that listens on this TCP port, as `postfix master (process 812)`; null where that cannot be told. */
export async function listenerOn(port: number): Promise<string | null> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "latin1").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const inode = fields[9];
      if (
        fields[3] === listening &&
        inode !== undefined &&
        Number.parseInt(fields[1]?.split(":")[1] ?? "", 16) === port
      )
        inodes.add(inode);
    }
  }
  if (inodes.size === 0) return null;
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^[0-9]+$/.test(name));
  for (const process of processes) {
    const folder = `/proc/${process}/fd`;
    // Processes of other users cannot be read, and processes end while we look.
    for (const descriptor of await readdir(folder).catch(() => [])) {
      const target = await readlink(`${folder}/${descriptor}`).catch(() => "");
      const inode = /^socket:\[([0-9]+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) return `${await nameOf(process)} (process ${process})`;
    }
  }
  return null;
}

async function nameOf(process: string): Promise<string> {
  const name = await readFile(`/proc/${process}/comm`, "utf8").catch(() => "");
  return name.trim().replace(/[^\x20-\x7e]/g, "?") || "a program";
}
