/** How many connections each stranger holds, so that one of them cannot take those of all others. */
import { formatIp, type IpAddress, ipFromBits } from "../../net/ip.ts";

/** As many as Postfix grants one client (smtpd_client_connection_count_limit). */
const mostPerClient = 50;

export class ClientCount {
  readonly #held = new Map<string, number>();

  /** Takes a place for this client; null: it has none left. Disposing gives the place back. */
  take(address: IpAddress | null): Disposable | null {
    const key = keyOf(address);
    const held = this.#held.get(key) ?? 0;
    if (held >= mostPerClient) return null;
    this.#held.set(key, held + 1);
    return {
      [Symbol.dispose]: () => {
        const now = (this.#held.get(key) ?? 1) - 1;
        if (now === 0) this.#held.delete(key);
        else this.#held.set(key, now);
      },
    };
  }
}

/** Whoever has one address of IPv6 has a network of them: /64 counts as one client. */
function keyOf(address: IpAddress | null): string {
  if (address === null) return "";
  return formatIp(address.family === 4 ? address : ipFromBits(6, (address.bits >> 64n) << 64n));
}
