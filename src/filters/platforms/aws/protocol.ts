/** `IpProtocol` with its ports, as groups and network ACLs have them. */
import type { Match } from "../../model.ts";
import { protocolNumber } from "../unix/names.ts";

/** `-1` is all; for ICMP the first port is the type and the last one the code; null: not understood. */
export function protocolMatch(protocol: string | null, from: number | null, to: number | null): Match | null {
  if (protocol === null) return null;
  if (protocol === "-1" || protocol.toLowerCase() === "all") return {};
  const number = protocolNumber(protocol);
  if (number === null) return null;
  const protocols = [{ first: number, last: number }];
  if (number === 1 || number === 58) {
    if (from === null || from < 0) return { protocols };
    const type = from * 256;
    return {
      protocols,
      destinationPorts: [
        to === null || to < 0 ? { first: type, last: type + 255 } : { first: type + to, last: type + to },
      ],
    };
  }
  if (number !== 6 && number !== 17) return { protocols };
  if (from === null || to === null || from < 0 || to < 0) return { protocols };
  return from > to || to > 65535 ? null : { protocols, destinationPorts: [{ first: from, last: to }] };
}
