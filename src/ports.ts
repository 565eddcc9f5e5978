/**
 * What tools need of the world, as interfaces that are handed in. The real ones live in `io/` and `store/`; each has a
 * fake in `test/fakes/`. Nothing here imports an implementation.
 */
import type { IpAddress } from "./net/ip.ts";

/** One end of a TCP connection. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** What a TLS handshake showed. The certificate is recorded as evidence, never required to be valid. */
export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly certificate: { readonly subject: string; readonly issuer: string; readonly validTo: string } | null;
  /** Whether our client certificate was asked for and sent. */
  readonly clientCertificateSent: boolean;
}

/** A client certificate and key in PEM form. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A byte stream to one peer. Closing is idempotent; after it, reads answer `null` and writes throw `ConnectionLost`. */
export interface Connection extends AsyncDisposable {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsFacts | null;
  /** The next bytes, or `null` when the peer has finished. Throws `ConnectionLost` on reset, the signal's reason on abort. */
  read(signal: AbortSignal): Promise<Uint8Array | null>;
  /** Resolves when the bytes have left this process (back-pressure). */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * Turns the stream into TLS: as the client of a handshake, or as its server if the listener holds a certificate.
   * What was received but not yet read is thrown away and never reaches the TLS side (RFC 3207 §4.2).
   */
  startTls(
    options: { readonly serverName?: string; readonly client?: ClientCertificate },
    signal: AbortSignal,
  ): Promise<TlsFacts>;
  close(): void;
}

/** Why a connection could not be made, in words a report can use. */
export type DialFailure = "refused" | "timeout" | "no-route" | "source-unavailable" | "tls" | "other";

/** A connection that could not be made. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly failure: DialFailure;
  constructor(failure: DialFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** A connection that broke while in use: reset by the peer, or a TLS failure. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

export interface DialOptions {
  /** Bind the client to this address of ours. */
  readonly source?: IpAddress;
  /** Implicit TLS (RFC 8314 §3.3): handshake before the first byte. */
  readonly tls?: { readonly serverName?: string; readonly client?: ClientCertificate };
  readonly timeoutMs: number;
}

export interface Dialer {
  /** Throws `DialError`, or the signal's reason when aborted. */
  connect(to: Endpoint, options: DialOptions, signal: AbortSignal): Promise<Connection>;
}

/** What a knock at a port met: a listener, a reset, silence, a router's refusal, or our own machine's. */
export type Knock = "open" | "closed" | "filtered" | "unreachable" | "refused-here";

/**
 * Opens connections only to see whether they open, tens of thousands a second, and says nothing on them. It keeps no
 * time: whoever has waited enough stops the knock.
 */
export interface Knocker {
  /** Calls back once, never before it returns. What it returns stops it; a stopped knock does not call back. */
  knock(to: Endpoint, done: (met: Knock) => void): () => void;
}

/** A socket that is being listened on. */
export interface Listening extends AsyncDisposable {
  readonly local: Endpoint;
}

export interface Listener {
  /** Calls `serve` once a connection; its rejections end that connection only. Throws `ListenError` if the address is taken. */
  listen(
    on: Endpoint,
    serve: (connection: Connection) => Promise<void>,
    options?: { readonly maxConnections?: number },
  ): Promise<Listening>;
}

/** Where programs of this machine are listened for: a socket file, or a descriptor that systemd opened. */
export type LocalPlace = { readonly path: string } | { readonly descriptor: number };

export interface LocalListener {
  /**
   * As `Listener`, for a place that has no address: the peer of its connections is unspecified, unless a descriptor was
   * opened for TCP. A socket file that nobody listens on any more is replaced. Throws `ListenError`.
   */
  listen(
    on: LocalPlace,
    serve: (connection: Connection) => Promise<void>,
    options?: { readonly maxConnections?: number },
  ): Promise<AsyncDisposable>;
}

/** An address could not be listened on. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly reason: "in-use" | "not-ours" | "not-permitted" | "other";
  constructor(reason: ListenError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The end of a DNS question. A failure is not an absence (RFC 2308). */
export type Answer<T> =
  | { readonly kind: "answer"; readonly records: readonly T[]; readonly ttl: number }
  | { readonly kind: "nxdomain" }
  | { readonly kind: "nodata" }
  | { readonly kind: "failed"; readonly cause: "timeout" | "servfail" | "refused" | "garbled" };

export interface MxRecord {
  readonly preference: number;
  readonly exchange: string;
}

export interface Resolver {
  a(name: string, signal: AbortSignal): Promise<Answer<IpAddress>>;
  aaaa(name: string, signal: AbortSignal): Promise<Answer<IpAddress>>;
  mx(name: string, signal: AbortSignal): Promise<Answer<MxRecord>>;
  txt(name: string, signal: AbortSignal): Promise<Answer<string>>;
  ptr(address: IpAddress, signal: AbortSignal): Promise<Answer<string>>;
}

export interface Clock {
  now(): Date;
  /** Milliseconds that only ever grow, for durations. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

/** One message that reached the catcher, as it was recorded before the catcher said 250. */
export interface Arrival {
  readonly at: string;
  readonly peer: string;
  readonly helo: string;
  readonly reversePath: string;
  /** The recipients as they were written in RCPT TO, each with the token found in it. */
  readonly recipients: readonly { readonly path: string; readonly token: string }[];
  /** Header section and the first part of the body, as received (one character a byte). */
  readonly head: string;
  /** Tokens found anywhere in the first part of the message. */
  readonly tokensInMessage: readonly string[];
  readonly bytes: number;
  readonly tls: string | null;
}

/** Where catchers put what arrived and `check` looks for it. */
export interface MailDrop {
  /** Resolves when the arrival is durable. */
  record(arrival: Arrival): Promise<void>;
  /** Arrivals recorded after `mark`, with the next mark. */
  since(mark: number): Promise<{ readonly arrivals: readonly Arrival[]; readonly mark: number }>;
}

/** One file of a snapshot, or why its text is not there. */
export type TreeFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "binary" }
  | { readonly kind: "unreadable"; readonly why: string };

/** A bounded snapshot of a file or folder, taken before anything is read out of it. */
export interface ConfigTree {
  /** What the person named: the folder or file that the others lie below. */
  readonly root: string;
  /** By path as it is on the machine, or as the dump names it; in order. */
  readonly files: ReadonlyMap<string, TreeFile>;
  /** The bounds cut something off: a file that is not there may exist. */
  readonly incomplete: boolean;
}

/** Installed programs, asked about themselves. */
export interface Programs {
  /** What the program wrote to standard output; `null`: it is not there, or said nothing in time. */
  ask(argv: readonly string[], signal: AbortSignal): Promise<string | null>;
}

/** One message, and whom its envelope names. */
export interface Submission {
  readonly from: string;
  readonly to: string;
  /** Lines end in CRLF, every character is ASCII. */
  readonly content: string;
}

/** How handing over a message ended. */
export type SubmissionEnd =
  | { readonly kind: "taken"; readonly reply: string }
  /** The server said no, at whatever stage: nothing was taken. */
  | { readonly kind: "refused"; readonly reply: string; readonly permanent: boolean }
  /** It was never begun. */
  | { readonly kind: "not-sent"; readonly why: string }
  /** The text was under way and no answer came: it may have been taken (RFC 5321 §4.5.3.2.6, RFC 1047). */
  | { readonly kind: "unknown"; readonly why: string };

export interface Submitter {
  /**
   * Hands over one message in a session of its own. `begin` is asked once, after the server's 354 and before the first byte of
   * the text: if it answers false, the session is dropped and nothing is sent. Never rejects.
   */
  submit(message: Submission, begin: () => Promise<boolean>, signal: AbortSignal): Promise<SubmissionEnd>;
}
