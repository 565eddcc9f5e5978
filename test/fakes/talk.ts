// A client that says whatever it is told, and reads replies.
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export class Talk implements Disposable {
  #socket: Socket;
  #heard = "";
  #ended = false;
  #wake: () => void = () => {};

  constructor(port: number, host = "127.0.0.1", from?: string) {
    this.#socket = connect({ port, host, ...(from === undefined ? {} : { localAddress: from }) });
    this.#attach(this.#socket);
  }

  #attach(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      this.#heard += chunk.toString("latin1");
      this.#wake();
    });
    for (const event of ["end", "close", "error"] as const)
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  send(text: string | Uint8Array): void {
    this.#socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** Resolves when the bytes have left, as far as the other side takes them. */
  async sendAll(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  /** One whole reply; "closed" if the server has closed. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(this.#heard);
      if (match !== null) {
        this.#heard = this.#heard.slice(match[0].length);
        return match[0].trim();
      }
      if (this.#ended) return "closed";
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Says lines one by one; the replies' first words. */
  async say(...lines: readonly string[]): Promise<readonly string[]> {
    const replies: string[] = [];
    for (const line of lines) {
      this.send(`${line}\r\n`);
      replies.push((await this.reply()).replace(/^(\d{3}).*$/s, "$1"));
    }
    return replies;
  }

  async startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    const secure = connectTls({ socket: plain, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    this.#socket = secure;
    this.#attach(secure);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
