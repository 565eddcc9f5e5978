// `node play.ts SESSIONS.json|-`: plays SMTP sessions one after the other, each on a connection of its own, and prints
// one JSON line for each. A plain script that shares nothing with src/.
import net from "node:net";
import tls from "node:tls";
import type { Exploit } from "./variant.ts";

export type Played = {
  /** The furthest that the mailer let the session go. */
  readonly reached: "nothing" | "greeting" | "helo" | "mail" | "rcpt" | "data" | "accepted";
  readonly transcript: readonly string[];
};

const REPLY_TIMEOUT_MS = 30_000;

/** Plays one session to its end. A broken connection is an end like any other. */
export async function play(session: Exploit, token: string): Promise<Played> {
  const transcript: string[] = [];
  let reached: Played["reached"] = "nothing";
  let line = await dial(session, transcript);
  const say = async (text: string): Promise<number> => {
    transcript.push(`C: ${text}`);
    line.socket.write(`${text}\r\n`);
    return line.reply();
  };
  const fill = (path: string): string => path.replaceAll("{token}", token);
  try {
    if (session.preface !== undefined) {
      transcript.push(`C: ${session.preface}`);
      line.socket.write(`${session.preface}\r\n`);
    }
    if ((await line.reply()) !== 220) return { reached, transcript };
    reached = "greeting";
    if ((await say(`EHLO ${session.helo}`)) !== 250) return { reached, transcript };
    if (session.tls === "starttls") {
      if ((await say("STARTTLS")) !== 220) return { reached, transcript };
      line = await lines(await secure(line.socket), transcript);
      if ((await say(`EHLO ${session.helo}`)) !== 250) return { reached, transcript };
    }
    if (session.xclient !== undefined) {
      if ((await say(`XCLIENT ${session.xclient}`)) !== 220) return { reached, transcript };
      if ((await say(`EHLO ${session.helo}`)) !== 250) return { reached, transcript };
    }
    if (session.auth !== undefined) {
      const { user, password } = session.auth;
      const plain = Buffer.from(`\0${user}\0${password}`).toString("base64");
      if ((await say(`AUTH PLAIN ${plain}`)) !== 235) return { reached, transcript };
    }
    reached = "helo";
    if ((await say(`MAIL FROM:<${fill(session.mailFrom)}>`)) !== 250) return { reached, transcript };
    reached = "mail";
    if (session.rcptBefore !== undefined && (await say(`RCPT TO:<${session.rcptBefore}>`)) !== 250)
      return { reached, transcript };
    if ((await say(`RCPT TO:<${fill(session.rcptTo)}>`)) !== 250) return { reached, transcript };
    reached = "rcpt";
    if (session.message === "none") return { reached, transcript };
    if ((await say("DATA")) !== 354) return { reached, transcript };
    reached = "data";
    const message = [
      `From: <lab@sender.fencepost-tests.example>`,
      `To: <postmaster@ourcollege.ac.uk>`,
      `Subject: relay lab ${token}`,
      `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
      `Message-ID: <${token}@sender.fencepost-tests.example>`,
      "",
      `The lab asks whether this mailer relays: ${token}`,
      ".",
    ];
    if ((await say(message.join("\r\n"))) === 250) reached = "accepted";
    return { reached, transcript };
  } catch (error) {
    transcript.push(`# ${error instanceof Error ? error.message : String(error)}`);
    return { reached, transcript };
  } finally {
    line.socket.end("QUIT\r\n");
    setTimeout(() => line.socket.destroy(), 500).unref();
  }
}

type Line = { readonly socket: net.Socket; readonly reply: () => Promise<number> };

async function dial(session: Exploit, transcript: string[]): Promise<Line> {
  const socket = net.connect({
    host: session.address,
    port: session.port,
    ...(session.source === undefined ? {} : { localAddress: session.source }),
  });
  if (session.tls === "implicit") return lines(await secure(socket), transcript);
  return lines(socket, transcript);
}

/** Mailers of a certain age speak old TLS only, and none here has a certificate that anyone signed. */
function secure(socket: net.Socket): Promise<net.Socket> {
  socket.removeAllListeners("data");
  return new Promise((resolve, reject) => {
    const secured = tls.connect(
      { socket, rejectUnauthorized: false, minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
      () => resolve(secured),
    );
    secured.once("error", reject);
  });
}

/** Reads replies, each possibly of several lines (RFC 5321 §4.2), and gives their codes. */
async function lines(socket: net.Socket, transcript: string[]): Promise<Line> {
  let held = "";
  let ended: Error | undefined;
  let wake = (): void => {};
  socket.setEncoding("latin1");
  socket.on("data", (text) => {
    held += String(text);
    wake();
  });
  const end = (error?: Error): void => {
    ended ??= error ?? new Error("the mailer closed the connection");
    wake();
  };
  socket.on("error", end);
  socket.on("close", () => end());
  const reply = async (): Promise<number> => {
    const deadline = Date.now() + REPLY_TIMEOUT_MS;
    for (;;) {
      const eol = held.indexOf("\n");
      if (eol >= 0) {
        const text = held.slice(0, eol).trimEnd();
        held = held.slice(eol + 1);
        transcript.push(`S: ${text}`);
        if (/^\d{3}(?!-)/.test(text)) return Number(text.slice(0, 3));
        continue;
      }
      if (ended !== undefined) throw ended;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error("no reply in time");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return { socket, reply };
}

if (import.meta.main) {
  // Written by truth.ts from values of this type.
  const sessions = JSON.parse(process.argv[2] ?? "[]") as { readonly session: Exploit; readonly token: string }[];
  for (const { session, token } of sessions) process.stdout.write(`${JSON.stringify(await play(session, token))}\n`);
}
