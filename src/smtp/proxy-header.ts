/**
 * The PROXY protocol header, versions 1 and 2 (HAProxy's proxy-protocol.txt), by which a proxy tells whom it speaks for.
 * It proves nothing: whoever reads one says from whom. Read within bounds: a version 1 line has at most 107 bytes, a
 * version 2 header at most 16 + 536 here. Pure.
 */
import { formatIp, type IpAddress, ipFromBits, parseIp } from "../net/ip.ts";

/** `address` is `null` where the proxy speaks for itself (UNKNOWN, LOCAL). */
export type ProxyHeader =
  | { readonly kind: "header"; readonly address: IpAddress | null; readonly rest: Uint8Array }
  /** What came so far may still become one. */
  | { readonly kind: "more" }
  | { readonly kind: "none" };

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const maxLine = 107;
const maxAddresses = 536;

export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const text = Buffer.from(bytes.subarray(0, maxLine)).toString("latin1");
  if ("PROXY ".startsWith(text.slice(0, 6))) return text.length < 6 ? { kind: "more" } : version1(bytes, text);
  const head = Buffer.from(bytes.subarray(0, signature.length));
  return signature.subarray(0, head.length).equals(head) ? version2(bytes) : { kind: "none" };
}

function version1(bytes: Uint8Array, text: string): ProxyHeader {
  const end = text.indexOf("\r\n");
  if (end < 0) return bytes.length < maxLine ? { kind: "more" } : { kind: "none" };
  const rest = bytes.subarray(end + 2);
  const [, family, source = ""] = text.slice(0, end).split(" ");
  if (family === "UNKNOWN") return { kind: "header", address: null, rest };
  const address = parseIp(source);
  return (family === "TCP4" || family === "TCP6") && address.ok
    ? { kind: "header", address: address.value, rest }
    : { kind: "none" };
}

function version2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < 16) return { kind: "more" };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.readUInt16BE(14);
  if (view[12]! >> 4 !== 2 || length > maxAddresses) return { kind: "none" };
  if (bytes.length < 16 + length) return { kind: "more" };
  const rest = bytes.subarray(16 + length);
  const isLocal = (view[12]! & 0x0f) === 0;
  const family = view[13]! >> 4;
  const size = family === 1 ? 4 : family === 2 ? 16 : 0;
  // The source comes first, then the destination, then the two ports.
  if (isLocal || size === 0 || length < size * 2 + 4) return { kind: "header", address: null, rest };
  const bits = BigInt(`0x${view.subarray(16, 16 + size).toString("hex")}`);
  return { kind: "header", address: ipFromBits(family === 1 ? 4 : 6, bits), rest };
}

/** One end of the connection that the proxy speaks for. */
interface End {
  readonly address: IpAddress;
  readonly port: number;
}

/** The header for a client that came to `to`; without a client (`null`) the proxy speaks for nobody it can name. */
export function writeProxyHeader(version: 1 | 2, from: End | null, to: End): Uint8Array {
  // Both ends are of one family: what came over the other is told without the place it came to.
  const target =
    from === null || from.address.family === to.address.family ? to.address : unspecified(from.address.family);
  if (version === 1)
    return Buffer.from(
      from === null
        ? "PROXY UNKNOWN\r\n"
        : `PROXY TCP${from.address.family} ${formatIp(from.address)} ${formatIp(target)} ${from.port} ${to.port}\r\n`,
    );
  if (from === null) return Buffer.concat([signature, Buffer.from([0x21, 0x00, 0, 0])]);
  const size = from.address.family === 4 ? 4 : 16;
  const ends = Buffer.alloc(size * 2 + 4);
  ends.write(hexOf(from.address, size), 0, "hex");
  ends.write(hexOf(target, size), size, "hex");
  ends.writeUInt16BE(from.port, size * 2);
  ends.writeUInt16BE(to.port, size * 2 + 2);
  return Buffer.concat([signature, Buffer.from([0x21, size === 4 ? 0x11 : 0x21, 0, ends.length]), ends]);
}

const unspecified = (family: 4 | 6): IpAddress => ({ family, bits: 0n });

const hexOf = ({ bits }: IpAddress, size: number): string => bits.toString(16).padStart(size * 2, "0");
