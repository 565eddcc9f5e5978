/** TCP and TLS made real: the `Dialer` and `Listener` ports on `node:net` and `node:tls`. */
import { rm } from "node:fs/promises";
import net from "node:net";
import tls from "node:tls";
import { formatIp, parseIp } from "../net/ip.ts";
import {
  type Connection,
  ConnectionLost,
  DialError,
  type Dialer,
  type DialFailure,
  type DialOptions,
  type Endpoint,
  ListenError,
  type Listener,
  type Listening,
  type LocalListener,
  type TlsFacts,
} from "../ports.ts";

/** Reading pauses when a peer has sent this much that nobody asked for. */
const highWater = 256 * 1024;

/**
 * TLS towards mailers takes what it gets: old protocols, weak ciphers, any certificate. We record what was spoken and
 * judge relaying; a mailer that we cannot talk to is a mailer we cannot test.
 */
const laxTls = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0", rejectUnauthorized: false } as const;

/** Certificate and key in PEM form, for listeners that offer TLS. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  /**
   * Real mail comes in over it: Node's own protocols and ciphers, and no client is asked for a certificate, which some
   * cannot bear. Otherwise whatever a peer can speak.
   */
  readonly toStrangers?: true;
}

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  const parsed = parseIp((address ?? "").replace(/%.*$/, ""));
  return { address: parsed.ok ? parsed.value : { family: 4, bits: 0n }, port: port ?? 0 };
}

interface ServerContext {
  readonly context: tls.SecureContext;
  readonly asksForCertificate: boolean;
}

/** A socket, plain or TLS, read by pulling. */
class SocketConnection implements Connection {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  tls: TlsFacts | null = null;
  readonly #server: ServerContext | null;
  #socket: net.Socket;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #paused = false;
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: net.Socket, server: ServerContext | null) {
    this.#socket = socket;
    this.#server = server;
    this.peer = endpoint(socket.remoteAddress, socket.remotePort);
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.#attach(socket);
  }

  #attach(socket: net.Socket): void {
    socket.setNoDelay(true);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
    socket.on("error", this.#onError);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting >= highWater) {
      this.#paused = true;
      this.#socket.pause();
    }
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
    this.#wake?.();
  };

  async read(signal: AbortSignal): Promise<Uint8Array | null> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#chunks.length > 0) {
        const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
        this.#chunks = [];
        this.#waiting = 0;
        if (this.#paused) this.#socket.resume();
        this.#paused = false;
        return all;
      }
      if (this.#failure !== null) throw new ConnectionLost(this.#failure.message, { cause: this.#failure });
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#wake = null;
          signal.removeEventListener("abort", done);
          resolve();
        };
        this.#wake = done;
        signal.addEventListener("abort", done, { once: true });
      });
    }
  }

  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure !== null) throw new ConnectionLost(this.#failure.message, { cause: this.#failure });
    if (!this.#socket.writable) throw new ConnectionLost("the peer closed the connection");
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => settle(signal.reason as Error);
      const settle = (error?: Error | null): void => {
        signal.removeEventListener("abort", stop);
        if (error === undefined || error === null) resolve();
        else if (signal.aborted) reject(signal.reason as Error);
        else reject(new ConnectionLost(error.message, { cause: error }));
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#socket.write(bytes, settle);
    });
  }

  async startTls(
    options: { readonly serverName?: string; readonly client?: { certificate: string; key: string } },
    signal: AbortSignal,
  ): Promise<TlsFacts> {
    signal.throwIfAborted();
    const plain = this.#socket;
    for (const [event, listener] of [
      ["data", this.#onData],
      ["end", this.#onEnd],
      ["close", this.#onEnd],
    ] as const)
      plain.off(event, listener);
    this.#chunks = [];
    this.#waiting = 0;
    if (this.#paused) plain.resume();
    this.#paused = false;
    const secure =
      this.#server === null
        ? tls.connect({
            socket: plain,
            ...laxTls,
            ...(options.serverName === undefined ? {} : { servername: options.serverName }),
            ...(options.client === undefined ? {} : { cert: options.client.certificate, key: options.client.key }),
          })
        : new tls.TLSSocket(plain, {
            isServer: true,
            secureContext: this.#server.context,
            requestCert: this.#server.asksForCertificate,
            rejectUnauthorized: false,
          });
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        for (const name of ["secureConnect", "secure"]) secure.off(name, settled);
        secure.off("error", failed);
        secure.off("close", closed);
        signal.removeEventListener("abort", aborted);
        if (error === undefined) resolve();
        else {
          secure.on("error", () => {});
          this.close();
          reject(error);
        }
      };
      const settled = (): void => settle();
      const failed = (error: Error): void => settle(new ConnectionLost(`TLS: ${error.message}`, { cause: error }));
      const closed = (): void => settle(new ConnectionLost("TLS: the peer closed the connection during the handshake"));
      const aborted = (): void => settle(signal.reason as Error);
      secure.once(this.#server === null ? "secureConnect" : "secure", settled);
      secure.once("error", failed);
      secure.once("close", closed);
      signal.addEventListener("abort", aborted, { once: true });
    });
    this.#socket = secure;
    this.#attach(secure);
    this.tls = factsOf(secure, options.client !== undefined);
    return this.tls;
  }

  close(): void {
    this.#ended = true;
    if (this.#socket.destroyed) return;
    // Let what was written last leave, then give the descriptor back whatever the peer does.
    this.#socket.end();
    const socket = this.#socket;
    setTimeout(() => socket.destroy(), 200).unref();
    this.#wake?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function factsOf(socket: tls.TLSSocket, sentCertificate: boolean): TlsFacts {
  const certificate = socket.getPeerCertificate();
  const name = (field: tls.Certificate | undefined): string => String(field?.CN ?? field?.O ?? "").slice(0, 200);
  return {
    protocol: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher()?.name ?? "unknown",
    certificate:
      certificate?.subject === undefined
        ? null
        : { subject: name(certificate.subject), issuer: name(certificate.issuer), validTo: certificate.valid_to },
    clientCertificateSent: sentCertificate,
  };
}

function failureOf(code: string | undefined, hasSource: boolean): DialFailure {
  switch (code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "refused";
    case "ETIMEDOUT":
      return "timeout";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EACCES":
    case "EPERM":
      return "no-route";
    case "EADDRNOTAVAIL":
    case "EINVAL":
      return hasSource ? "source-unavailable" : "no-route";
    default:
      return "other";
  }
}

export const tcpDialer: Dialer = {
  async connect(to: Endpoint, options: DialOptions, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const where = `${formatIp(to.address)} port ${to.port}`;
    const socket = net.connect({
      host: formatIp(to.address),
      port: to.port,
      // The peer may close its half first; what we still have to say is ours to decide.
      allowHalfOpen: false,
      ...(options.source === undefined ? {} : { localAddress: formatIp(options.source) }),
    });
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        socket.off("connect", settled);
        socket.off("error", failed);
        signal.removeEventListener("abort", aborted);
        if (error === undefined) resolve();
        else {
          socket.on("error", () => {});
          socket.destroy();
          reject(error);
        }
      };
      const settled = (): void => settle();
      const failed = (error: NodeJS.ErrnoException): void =>
        settle(
          new DialError(failureOf(error.code, options.source !== undefined), `${where}: ${error.message}`, {
            cause: error,
          }),
        );
      const aborted = (): void => settle(signal.reason as Error);
      const timer = setTimeout(
        () => settle(new DialError("timeout", `${where} did not answer within ${options.timeoutMs / 1000} s`)),
        options.timeoutMs,
      );
      socket.once("connect", settled);
      socket.once("error", failed);
      signal.addEventListener("abort", aborted, { once: true });
    });
    const connection = new SocketConnection(socket, null);
    if (options.tls !== undefined) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
      await connection.startTls(options.tls, within).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new DialError("tls", `${where}: the TLS handshake failed`, { cause: error });
      });
    }
    return connection;
  },
};

/** A listener; with a certificate its connections can start TLS. */
export function tcpListener(serverTls: ServerTls | null = null): Listener {
  // Made once: a context for each handshake would cost more than the handshake.
  const context =
    serverTls === null
      ? null
      : {
          context: tls.createSecureContext({
            cert: serverTls.certificate,
            key: serverTls.key,
            ...(serverTls.toStrangers === true ? {} : { minVersion: laxTls.minVersion, ciphers: laxTls.ciphers }),
          }),
          asksForCertificate: serverTls.toStrangers !== true,
        };
  return {
    async listen(on, serve, options = {}): Promise<Listening> {
      const { server, closing } = serving(context, serve, options);
      await new Promise<void>((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) =>
          reject(listenErrorOf(`${formatIp(on.address)} port ${on.port}`, error)),
        );
        server.listen({ host: formatIp(on.address), port: on.port, ipv6Only: on.address.family === 6 }, resolve);
      });
      server.on("error", () => {});
      const bound = server.address();
      const port = bound === null || typeof bound === "string" ? on.port : bound.port;
      return { local: { address: on.address, port }, [Symbol.asyncDispose]: closing };
    },
  };
}

export const localListener: LocalListener = {
  async listen(on, serve, options = {}): Promise<AsyncDisposable> {
    const { server, closing } = serving(null, serve, options);
    if ("path" in on && !(await someoneListens(on.path))) await rm(on.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      const where = "path" in on ? on.path : `descriptor ${on.descriptor}`;
      server.once("error", (error: NodeJS.ErrnoException) => reject(listenErrorOf(where, error)));
      server.listen("path" in on ? { path: on.path } : { fd: on.descriptor }, resolve);
    });
    server.on("error", () => {});
    return { [Symbol.asyncDispose]: closing };
  },
};

function serving(
  context: ServerContext | null,
  serve: (connection: Connection) => Promise<void>,
  { maxConnections }: { readonly maxConnections?: number },
): { readonly server: net.Server; readonly closing: () => Promise<void> } {
  const server = net.createServer({ pauseOnConnect: false }, (socket) => {
    const connection = new SocketConnection(socket, context);
    serve(connection)
      .catch(() => {})
      .finally(() => connection.close());
  });
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  const open = new Set<net.Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    server,
    closing: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A socket file outlives a process that was killed; one that answers belongs to somebody. */
async function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Only a refusal says that it is a socket and that nobody is there; any other file is left alone.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

function listenErrorOf(where: string, error: NodeJS.ErrnoException): ListenError {
  switch (error.code) {
    case "EADDRINUSE":
      return new ListenError("in-use", `${where} is taken by another program`, { cause: error });
    case "EADDRNOTAVAIL":
      return new ListenError("not-ours", `${where}: this machine does not have that address`, { cause: error });
    case "EACCES":
    case "EPERM":
      return new ListenError(
        "not-permitted",
        `${where}: listening below port 1024 needs root or CAP_NET_BIND_SERVICE`,
        {
          cause: error,
        },
      );
    default:
      return new ListenError("other", `${where}: ${error.message}`, { cause: error });
  }
}
