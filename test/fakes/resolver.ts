/** DNS as a literal: `{ A: { "mx.example": ["192.0.2.1"] }, MX: { "example": ["10 mx.example"] }, fail: ["TXT example"] }`. */
import { formatIp, type IpAddress, parseIp } from "../../src/net/ip.ts";
import type { Answer, Resolver } from "../../src/ports.ts";

export interface DnsLiteral {
  readonly A?: Readonly<Record<string, readonly string[]>>;
  readonly AAAA?: Readonly<Record<string, readonly string[]>>;
  /** `10 mx.example` */
  readonly MX?: Readonly<Record<string, readonly string[]>>;
  readonly TXT?: Readonly<Record<string, readonly string[]>>;
  /** By address: `{ "192.0.2.1": ["mx.example"] }`. */
  readonly PTR?: Readonly<Record<string, readonly string[]>>;
  /** Questions that fail: `MX example`, or `* example` for all about that name. */
  readonly fail?: readonly string[];
}

type Type = Exclude<keyof DnsLiteral, "fail">;

/** A name that has records of another type has none of this one; any other name does not exist. `*.x` answers for all below. */
export function literalResolver(dns: DnsLiteral): Resolver {
  const lookup = (type: Type, asked: string): Answer<string> => {
    const name = asked.toLowerCase().replace(/\.$/, "");
    if (dns.fail?.some((one) => one === `${type} ${name}` || one === `* ${name}` || one === "*") === true)
      return { kind: "failed", cause: "timeout" };
    const wildcard = `*.${name.split(".").slice(1).join(".")}`;
    const types: readonly Type[] = ["A", "AAAA", "MX", "TXT", "PTR"];
    const owner = types.some((one) => dns[one]?.[name] !== undefined) ? name : wildcard;
    const records = dns[type]?.[owner];
    if (records !== undefined && records.length > 0) return { kind: "answer", records, ttl: 300 };
    return types.some((one) => dns[one]?.[owner] !== undefined) ? { kind: "nodata" } : { kind: "nxdomain" };
  };
  const map = <T>(answer: Answer<string>, read: (text: string) => T): Answer<T> =>
    answer.kind === "answer" ? { ...answer, records: answer.records.map(read) } : answer;
  return {
    a: async (name) => map(lookup("A", name), ip),
    aaaa: async (name) => map(lookup("AAAA", name), ip),
    mx: async (name) =>
      map(lookup("MX", name), (text) => {
        const [preference = "", exchange = ""] = text.split(" ");
        return { preference: Number(preference), exchange };
      }),
    txt: async (name) => lookup("TXT", name),
    ptr: async (address) => lookup("PTR", formatIp(address)),
  };
}

export function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(`${text}: ${read.expected}`);
  return read.value;
}
