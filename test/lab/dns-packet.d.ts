// The part of dns-packet that the lab uses; the package carries no types.
declare module "dns-packet" {
  export type Question = { name: string; type: string; class?: string };
  export type Answer = { name: string; type: string; class?: string; ttl?: number; data: unknown };
  export type Packet = {
    id?: number;
    type?: "query" | "response";
    flags?: number;
    questions?: Question[];
    answers?: Answer[];
    authorities?: Answer[];
  };
  export const AUTHORITATIVE_ANSWER: number;
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export function encode(packet: Packet): Buffer;
  export function decode(bytes: Buffer): Packet;
}
