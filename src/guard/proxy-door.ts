/** The door in front of any mailer: an SMTP proxy. One connection of a client, one to the upstream, and the rule between. */
import { DeadlinePassed } from "../dialogue/deadline.ts";
import type { IpAddress } from "../net/ip.ts";
import { type Connection, ConnectionLost } from "../ports.ts";
import { readProxyHeader } from "../smtp/proxy-header.ts";
import { reply, writeReply } from "../smtp/reply.ts";
import { bytesOf } from "../text/lines.ts";
import { clientOf, type ProxyClient } from "./proxy/client.ts";
import { ClientCount } from "./proxy/client-count.ts";
import { Passing } from "./proxy/passing.ts";
import { farewell, serveClient } from "./proxy/serve.ts";
import type { ProxyHouse } from "./proxy/settings.ts";
import { UpstreamLost } from "./proxy/upstream.ts";
import type { Watch, Watched } from "./proxy/watch.ts";

/** A hundred megabytes over a slow line; nothing that goes on for longer is mail. */
const sessionMs = 2 * 3_600_000;
const headerMs = 10_000;
const farewellMs = 1000;

export class ProxyDoor {
  readonly #proxy: ProxyHouse;
  readonly #watch: Watch;
  readonly #isOurs: (address: IpAddress) => boolean;
  readonly #count = new ClientCount();

  /** @param isOurs whether an address is the site's own: what it may hold is not limited. */
  constructor(proxy: ProxyHouse, watch: Watch, isOurs: (address: IpAddress) => boolean) {
    this.#proxy = proxy;
    this.#watch = watch;
    this.#isOurs = isOurs;
  }

  /** Serves a connection to its end. Whatever happens to it ends here. */
  async serve(connection: Connection): Promise<void> {
    using watched = this.#watch.begin(sessionMs);
    let passing: Passing | null = null;
    try {
      const known = await this.#knowClient(connection, watched);
      if (known === null) return;
      const { client, first } = known;
      using place =
        client.address !== null && this.#isOurs(client.address) ? unlimited : this.#count.take(client.address);
      if (place === null) {
        const busy = reply(421, "4.7.0", `${this.#proxy.settings.hostName} Too many connections from you`);
        await connection.write(bytesOf(writeReply(busy)), watched.signal);
        return;
      }
      const trusted = this.#proxy.settings.acceptXclient.has(connection.peer.address);
      passing = new Passing(this.#proxy, client, connection.local, trusted, watched);
      await serveClient(connection, first, passing, watched);
    } catch (error) {
      if (error instanceof UpstreamLost)
        this.#proxy.house.log({ event: "fault", door: "proxy", says: `the upstream: ${error.message}` });
      else if (!(error instanceof ConnectionLost || error instanceof DeadlinePassed || watched.signal.aborted))
        this.#proxy.house.log({ event: "fault", door: "proxy", says: String(error) });
      // The farewell has a time of its own: the session's may be over.
      await connection.write(farewell(this.#proxy.settings.hostName), AbortSignal.timeout(farewellMs)).catch(() => {});
    } finally {
      passing?.close();
      connection.close();
    }
  }

  /** A listed peer begins with a header that names the client; without one it is not served. */
  async #knowClient(
    connection: Connection,
    watched: Watched,
  ): Promise<{ readonly client: ProxyClient; readonly first: Uint8Array } | null> {
    const nothing = new Uint8Array(0);
    if (!this.#proxy.settings.acceptProxy.has(connection.peer.address))
      return { client: clientOf(connection), first: nothing };
    watched.allow("client", headerMs);
    let read: Uint8Array = nothing;
    for (;;) {
      const chunk = await connection.read(watched.signal);
      if (chunk === null) return null;
      read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
      const header = readProxyHeader(read);
      if (header.kind === "none") return null;
      // Without an address it is a stranger, never the proxy's own address, which may well be one of ours.
      if (header.kind === "header")
        return { client: { address: header.address, port: 0, loggedIn: false }, first: header.rest };
    }
  }
}

const unlimited: Disposable = { [Symbol.dispose]: () => {} };
