/** The door for Postfix and Sendmail: one connection of their milter client, which may serve several SMTP sessions. */
import { type IpAddress, parseIp } from "../net/ip.ts";
import type { Connection } from "../ports.ts";
import { type House, judge } from "./house.ts";
import {
  comeAgain,
  connectedOf,
  goOn,
  MilterProtocolError,
  macrosOf,
  negotiate,
  type Packet,
  PacketReader,
  refusal,
  stringsOf,
} from "./milter.ts";

/** Serves until the mailer closes. Throws `MilterProtocolError`; the connection is closed then, and mail is put off. */
export async function serveMilter(connection: Connection, house: House, signal: AbortSignal): Promise<void> {
  const reader = new PacketReader();
  const session = new MilterSession(house);
  while (!session.ended) {
    const chunk = await connection.read(signal);
    if (chunk === null) return;
    const answers = reader.push(chunk).flatMap((one) => session.take(one) ?? []);
    if (answers.length > 0) await connection.write(Buffer.concat(answers), signal);
  }
}

/** What is known of the mailer's session so far. Only recipients are decided on; everything else goes on. */
export class MilterSession {
  readonly #house: House;
  #negotiated: ReturnType<typeof negotiate> | null = null;
  #client: IpAddress | null = null;
  #authenticated = false;
  #reversePath = "<>";
  ended = false;

  constructor(house: House) {
    this.#house = house;
  }

  /** The answer, where the packet wants one. */
  take({ command, data }: Packet): Uint8Array | null {
    if (command === "O") {
      this.#negotiated = negotiate(data);
      return this.#negotiated.reply;
    }
    const agreed = this.#negotiated;
    if (agreed === null) throw new MilterProtocolError(`${command} before the negotiation`);
    switch (command) {
      case "C": // connect
        this.#client = clientOf(data);
        this.#authenticated = false;
        return agreed.answersConnect ? goOn : null;
      case "D": // macros of the command that follows
        // The login stands beside MAIL; the mailer itself has checked it (RFC 4954).
        if (data.startsWith("M")) this.#authenticated = (macrosOf(data.slice(1)).get("auth_authen") ?? "") !== "";
        return null;
      case "M": // MAIL FROM and its parameters
        this.#reversePath = bracketed(stringsOf(data)[0] ?? "");
        return agreed.answersMail ? goOn : null;
      case "R": // RCPT TO and its parameters
        return this.#recipient(bracketed(stringsOf(data)[0] ?? ""));
      case "A": // the message is over, the session goes on
        this.#reversePath = "<>";
        return null;
      case "K": // the session is over, the connection goes on
        this.#client = null;
        this.#authenticated = false;
        return null;
      case "Q":
        this.ended = true;
        return null;
      // Steps that the mailer could not do without: HELO, DATA, headers, body, its end, unknown commands.
      case "H":
      case "T":
      case "L":
      case "N":
      case "B":
      case "E":
      case "U":
        return goOn;
      default:
        throw new MilterProtocolError(`the unknown command ${JSON.stringify(command)}`);
    }
  }

  #recipient(forwardPath: string): Uint8Array {
    try {
      const ruling = judge(
        "milter",
        {
          client: this.#client,
          authenticated: this.#authenticated,
          reversePath: this.#reversePath,
          forwardPath,
        },
        this.#house,
      );
      return ruling.action === "pass" ? goOn : refusal(ruling.code, ruling.enhanced, ruling.text);
    } catch (error) {
      // A fault of ours must not let anybody through, nor lose mail.
      this.#house.log({ event: "fault", door: "milter", says: String(error) });
      return comeAgain;
    }
  }
}

function clientOf(data: string): IpAddress | null {
  const connected = connectedOf(data);
  if (connected.family === "unknown") return null;
  const read = parseIp(connected.family === "local" ? "127.0.0.1" : connected.address);
  return read.ok ? read.value : null;
}

const bracketed = (path: string): string => (path.startsWith("<") ? path : `<${path}>`);
