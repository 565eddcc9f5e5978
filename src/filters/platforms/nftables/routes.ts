/** `fib`: what the routing table says of a packet's addresses, as far as an honest packet tells it. */
import { chosen, type Field, never } from "./field.ts";

const kinds = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
] as const;

/** What the routing table says of an address. */
export function routeField(text: string): Field | null {
  const [result = "", ...rest] = text.split(" ").reverse();
  const looked = rest.filter((word) => word !== ".");
  const side = looked.includes("daddr") ? "toSelf" : looked.includes("saddr") ? "fromSelf" : null;
  if (side === null) return null;
  if (result === "type")
    return chosen<(typeof kinds)[number]>(
      (word) => kinds.find((kind) => kind === word) ?? null,
      kinds,
      // An honest packet goes from one host to another: an address is this machine's, or another's.
      (some) =>
        some.includes("local")
          ? some.includes("unicast")
            ? {}
            : { [side]: true }
          : some.includes("unicast")
            ? { [side]: false }
            : never,
    );
  // The reverse path: an honest packet comes from where an answer to it would go.
  if (!looked.includes("saddr") || !["oif", "oifname"].includes(result)) return null;
  return chosen<boolean>(
    (word) => (["exists", "true", "1"].includes(word) ? true : ["missing", "false", "0"].includes(word) ? false : null),
    [true, false],
    (some) => (some.includes(true) ? {} : never),
  );
}
