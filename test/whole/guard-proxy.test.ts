// The guard's proxy between clients and a mailer that is open, and misbehaves on cue.
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { guardRule } from "../../src/guard/decide.ts";
import type { GuardEvent } from "../../src/guard/event.ts";
import type { House } from "../../src/guard/house.ts";
import { anybody } from "../../src/guard/recipients.ts";
import { Tally } from "../../src/guard/tally.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
import { parseIp } from "../../src/net/ip.ts";
import { ipSet } from "../../src/net/ip-set.ts";
import { parsePrefix } from "../../src/net/prefix.ts";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { parseSite } from "../../src/site/site.ts";
import { openProxy, type ProxyRequest } from "../../src/tasks/guard-proxy.ts";
import { Talk } from "../fakes/talk.ts";
import { type FakeUpstream, fakeUpstream, type UpstreamCues } from "../fakes/upstream.ts";

const ip = (text: string) => {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};
const net = (text: string) => {
  const read = parsePrefix(text);
  if (!read.ok) throw new Error(text);
  return ipSet([read.value]);
};

interface Setting extends Partial<Pick<ProxyRequest, "send" | "acceptProxy" | "acceptXclient" | "startTls">> {
  readonly policy?: string;
  readonly observe?: true;
  /** Loopback is one of ours, as it is without tests. */
  readonly inside?: true;
}

async function proxyBefore(upstreamPort: number, setting: Setting = {}) {
  const { policy = "{}", observe, inside, ...given } = setting;
  const read = parseSite(
    `name: x\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\npolicy: ${policy}\n`,
    "site.yaml",
  );
  if (!read.ok) throw new Error("the site cannot be read");
  const rule = guardRule(read.site, { loopback: inside === true ? "internal" : "external" });
  const events: GuardEvent[] = [];
  const house: House = {
    rule: () => rule,
    recipients: () => anybody,
    observe: observe === true,
    tally: new Tally(),
    log: (event) => events.push(event),
  };
  const stop = new AbortController();
  const listen = { address: ip("127.0.0.1"), port: 0 };
  const proxy = openProxy(
    {
      ...{ listen: [listen], upstream: { address: ip("127.0.0.1"), port: upstreamPort }, send: "xclient" },
      ...{ acceptProxy: ipSet([]), acceptXclient: ipSet([]), hostName: "mx.ourcollege.example", startTls: false },
      ...given,
    },
    house,
    () => read.site,
    () => false,
    { dialer: tcpDialer, clock: systemClock, random: systemRandom, log: (event) => events.push(event as GuardEvent) },
    stop.signal,
  );
  const listening = await tcpListener(practiceCertificate).listen(listen, proxy.serve);
  return {
    port: listening.local.port,
    events,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("over"));
      await listening[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Does something with a client that has been greeted and has said EHLO. */
async function withClient(
  cues: UpstreamCues,
  setting: Setting,
  use: (client: Talk, upstream: FakeUpstream, proxy: Awaited<ReturnType<typeof proxyBefore>>) => Promise<void>,
): Promise<void> {
  await using upstream = await fakeUpstream(cues);
  await using proxy = await proxyBefore(upstream.port, setting);
  using client = new Talk(proxy.port);
  expect(await client.reply()).toBe("220 mx.ourcollege.example ESMTP");
  await use(client, upstream, proxy);
}

const toUs = ["MAIL FROM:<a@out.example>", "RCPT TO:<b@ourcollege.example>"] as const;
const message = "Subject: hello\r\n\r\nA line.\r\n..stuffed\r\n.\r\n";

test("mail for us passes, with a Received field, and our 250 is the upstream's", async () => {
  await withClient({ says: { ".": "250 2.0.0 queued as 4711" } }, {}, async (client, upstream) => {
    expect(await client.say("EHLO c.example", ...toUs, "DATA")).toEqual(["250", "250", "250", "354"]);
    client.send(message);
    expect(await client.reply()).toBe("250 2.0.0 queued as 4711");
    expect(upstream.taken).toEqual([
      {
        from: "<a@out.example>",
        to: ["<b@ourcollege.example>"],
        content: expect.stringMatching(
          /^Received: from c\.example \(\[127\.0\.0\.1\]\)\r\n\tby mx\.ourcollege\.example \(Fencepost guard\) with ESMTP;\r\n\t.{31}\r\nSubject: hello\r\n\r\nA line\.\r\n\.\.stuffed\r\n$/,
        ),
      },
    ]);
  });
});

test("strangers reach no stranger, whatever they do between", async () => {
  await withClient({}, {}, async (client, upstream) => {
    const out = "RCPT TO:<x@elsewhere.example>";
    expect(await client.say("EHLO localhost", "MAIL FROM:<me@ourcollege.example>", out)).toEqual(["250", "250", "550"]);
    expect(
      await client.say("RCPT TO:<b@ourcollege.example>", out, "RCPT TO:<x%elsewhere.example@ourcollege.example>"),
    ).toEqual(["250", "550", "550"]);
    expect(await client.say("RSET", "MAIL FROM:<>", out, "DATA")).toEqual(["250", "250", "550", "554"]);
    expect(upstream.heard.filter((line) => /x[@%]elsewhere/.test(line))).toEqual([]);
  });
});

test("commands that come together are answered together, in order", async () => {
  await withClient({}, {}, async (client, upstream) => {
    client.send(
      `EHLO c.example\r\n${toUs.join("\r\n")}\r\nRCPT TO:<x@out.example>\r\nDATA\r\n${message}MAIL FROM:<>\r\nQUIT\r\n`,
    );
    const replies: string[] = [];
    for (let reply = await client.reply(); reply !== "closed"; reply = await client.reply())
      replies.push(reply.slice(0, 3));
    expect(replies).toEqual(["250", "250", "250", "550", "354", "250", "250", "221"]);
    expect(upstream.taken).toHaveLength(1);
  });
});

for (const [what, cues, lines, want] of [
  ["at MAIL", { says: { MAIL: "451 4.3.0 not now" } }, [...toUs], ["451", "503"]],
  ["at RCPT", { says: { RCPT: "550 5.1.1 who?" } }, [...toUs, "DATA"], ["250", "550", "554"]],
  ["at DATA", { says: { DATA: "452 4.3.1 full" } }, [...toUs, "DATA", "NOOP"], ["250", "250", "452", "250"]],
  ["with 421, which ends all", { says: { RCPT: "421 4.3.2 going down" } }, [...toUs, "NOOP"], ["250", "421", "closed"]],
  ["by going away", { says: { RCPT: null } }, [...toUs, "NOOP"], ["250", "421", "closed"]],
  // What it does not read as a message it would read as commands.
  ["DATA with 250", { says: { DATA: "250 2.0.0 ok" } }, [...toUs, "DATA"], ["250", "250", "421"]],
  ["RCPT with 354", { says: { RCPT: "354 go on" } }, [...toUs], ["250", "421"]],
  ["in no SMTP", { says: { MAIL: "hello" } }, ["MAIL FROM:<>"], ["421"]],
  ["without end", { says: { MAIL: `250-${"x".repeat(3000)}` } }, ["MAIL FROM:<>"], ["421"]],
] as const)
  test(`the upstream refuses ${what}`, async () => {
    await withClient(cues, {}, async (client, upstream) => {
      expect(await client.say("EHLO c.example", ...lines)).toEqual(["250", ...want]);
      expect(upstream.taken).toEqual([]);
    });
  });

for (const [what, cues, want] of [
  ["refuses the message", "554 5.7.1 spam", "554 5.7.1 spam"],
  ["puts it off", "451 4.7.1 later", "451 4.7.1 later"],
  ["goes away at the dot", null, "421 4.4.2 mx.ourcollege.example closing; try again later"],
] as const)
  test(`the upstream ${what}: no 250`, async () => {
    await withClient({ says: { ".": cues } }, {}, async (client, upstream) => {
      await client.say("EHLO c.example", ...toUs, "DATA");
      client.send(message);
      expect(await client.reply()).toBe(want);
      expect(upstream.taken).toEqual([]);
    });
  });

test("no upstream: 421, and nothing is taken", async () => {
  const upstream = await fakeUpstream();
  await using proxy = await proxyBefore(upstream.port);
  await upstream[Symbol.asyncDispose]();
  using client = new Talk(proxy.port);
  await client.reply();
  expect(await client.say("EHLO c.example", "NOOP")).toEqual(["421", "closed"]);
});

test("whoever only connects costs the upstream nothing", async () => {
  await withClient({}, {}, async (client, upstream) => {
    await wait(100);
    const asked = upstream.sessions(); // the guard's own questions
    await client.say("NOOP", "MAIL FROM:<>", "RCPT TO:<b@ourcollege.example>", "DATA");
    expect(upstream.sessions()).toBe(asked);
  });
});

for (const end of ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n"])
  test(`smuggling with ${JSON.stringify(end)} brings nothing to a lenient upstream`, async () => {
    await withClient({ lenient: true }, {}, async (client, upstream) => {
      await client.say("EHLO c.example", ...toUs, "DATA");
      client.send(`Subject: x\r\n\r\nfirst${end}`);
      await wait(20);
      client.send(`MAIL FROM:<a@out.example>\r\nRCPT TO:<victim@elsewhere.example>\r\nDATA\r\nx\r\n.\r\n`);
      expect(await client.reply()).toMatch(/^550 5\.6\.0/);
      // The session goes on, on a new connection to the upstream.
      expect(await client.say(...toUs, "DATA")).toEqual(["250", "250", "354"]);
      client.send(message);
      expect(await client.reply()).toMatch(/^250/);
      expect(upstream.heard.join("\n")).not.toContain("victim");
      expect(upstream.taken).toHaveLength(1);
    });
  });

test("chunks pass by their size, with whatever is in them", async () => {
  await withClient({}, {}, async (client, upstream) => {
    await client.say("EHLO c.example", ...toUs);
    client.send("BDAT 6\r\n.\r\nX\r\nBDAT 9 LAST\r\n\n.\nQUIT\r\nNOOP\r\n");
    expect(
      [await client.reply(), await client.reply(), await client.reply()].map((reply) => reply.slice(0, 3)),
    ).toEqual(["250", "250", "250"]);
    expect(upstream.taken[0]?.content).toMatch(/^Received: [\s\S]*\+0000\r\n\.\r\nX\r\n\n\.\nQUIT\r\n$/);
  });
});

test("the bytes of a refused chunk are no commands", async () => {
  await withClient({}, {}, async (client, upstream) => {
    await client.say("EHLO c.example", "MAIL FROM:<>", "RCPT TO:<x@elsewhere.example>");
    const inner = "RCPT TO:<y@ourcollege.example>\r\n";
    client.send(`BDAT ${inner.length} LAST\r\n${inner}NOOP\r\n`);
    expect((await client.reply()).slice(0, 3)).toBe("554");
    expect((await client.reply()).slice(0, 3)).toBe("250");
    expect(upstream.heard.join()).not.toContain("<y@");
  });
});

test("what passes is what the upstream offers", async () => {
  const keywords = ["SIZE 1000", "DSN", "VRFY", "AUTH PLAIN LOGIN CRAM-MD5", "STARTTLS", "X-ANY"];
  await withClient({ keywords }, {}, async (client) => {
    client.send("EHLO c.example\r\n");
    expect(await client.reply()).toBe("250-mx.ourcollege.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 DSN");
    // Not offered, not taken.
    expect(await client.say("AUTH PLAIN AHgAeA==", "STARTTLS", "BDAT 1", "XCLIENT ADDR=192.0.2.7")).toEqual([
      "502",
      "502",
      "502",
      "500",
    ]);
  });
});

test("the upstream learns of the client by XCLIENT, PROXY, or not at all", async () => {
  for (const [send, want] of [
    ["xclient", /XCLIENT NAME=\[UNAVAILABLE\] ADDR=127\.0\.0\.1 PORT=\d+ PROTO=ESMTP HELO=c\.example/],
    ["proxy1", /PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+/],
    ["none", /^EHLO c\.example$/],
  ] as const)
    await withClient({ keywords: ["XCLIENT NAME ADDR PORT PROTO HELO"] }, { send }, async (client, upstream) => {
      expect(await client.say("EHLO c.example")).toEqual(["250"]);
      expect(upstream.heard.filter((line) => want.test(line)).length).toBeGreaterThan(0);
    });
});

test("an upstream that refuses XCLIENT gets no mail", async () => {
  const cues = { keywords: ["XCLIENT ADDR"], says: { XCLIENT: "550 5.7.1 not you" } };
  await withClient(cues, {}, async (client) => {
    expect(await client.say("EHLO c.example", "MAIL FROM:<>")).toEqual(["550", "503"]);
  });
});

test("identities are believed from listed peers only", async () => {
  const out = ["MAIL FROM:<>", "RCPT TO:<x@elsewhere.example>"];
  await withClient({}, { acceptXclient: net("127.0.0.0/8") }, async (client) => {
    expect(await client.say("EHLO p", "XCLIENT ADDR=192.0.2.7", "EHLO c.example", ...out)).toEqual([
      "250",
      "220",
      "250",
      "250",
      "250",
    ]);
  });
  await withClient({}, { acceptXclient: net("127.0.0.0/8") }, async (client) => {
    expect(await client.say("EHLO p", "XCLIENT ADDR=203.0.113.9", "EHLO c.example", ...out)).toEqual([
      "250",
      "220",
      "250",
      "250",
      "550",
    ]);
  });
  await withClient({}, {}, async (client) => {
    expect(await client.say("EHLO p", "XCLIENT ADDR=192.0.2.7", ...out)).toEqual(["250", "500", "250", "550"]);
  });
  await using upstream = await fakeUpstream();
  await using proxy = await proxyBefore(upstream.port, { acceptProxy: net("127.0.0.0/8") });
  for (const [header, want] of [
    ["PROXY TCP4 192.0.2.7 127.0.0.1 4711 25\r\n", "250"],
    ["PROXY TCP4 203.0.113.9 127.0.0.1 4711 25\r\n", "550"],
    // Nobody knows who that is.
    ["PROXY UNKNOWN\r\n", "550"],
  ] as const) {
    using client = new Talk(proxy.port);
    client.send(header);
    await client.reply();
    expect((await client.say("EHLO c.example", ...out)).at(-1)).toBe(want);
  }
  using bare = new Talk(proxy.port);
  bare.send("EHLO c.example\r\n");
  expect(await bare.reply()).toBe("closed");
});

test("STARTTLS forgets what was said before, and nothing is injected", async () => {
  await withClient({}, { startTls: true }, async (client, upstream) => {
    expect(await client.say("EHLO c.example", ...toUs)).toEqual(["250", "250", "250"]);
    client.send("STARTTLS\r\nMAIL FROM:<injected@out.example>\r\n");
    expect((await client.reply()).slice(0, 3)).toBe("220");
    await client.startTls();
    expect(await client.say("RCPT TO:<b@ourcollege.example>", "EHLO c.example", ...toUs, "DATA")).toEqual([
      "503",
      "250",
      "250",
      "250",
      "354",
    ]);
    client.send(message);
    expect((await client.reply()).slice(0, 3)).toBe("250");
    expect(upstream.heard.join()).not.toContain("injected");
    expect(upstream.taken[0]?.content).toContain("with ESMTPS;");
  });
});

test("TLS garbage ends one connection", async () => {
  await withClient({}, { startTls: true }, async (client, _upstream, proxy) => {
    await client.say("EHLO c.example", "STARTTLS");
    client.send(Buffer.alloc(5000, 0x16));
    expect(await client.reply()).toBe("closed");
    using other = new Talk(proxy.port);
    expect(await other.reply()).toMatch(/^220/);
  });
});

test("logins are passed on only to an upstream that refuses made-up ones", async () => {
  const keywords = ["AUTH PLAIN LOGIN"];
  for (const [policy, auth, want] of [
    ["{auth: upstream}", "535 5.7.8 no", ["535", "250"]],
    ["{auth: upstream}", "235 2.7.0 welcome", ["502", "250"]],
    ["{auth: upstream}", "454 4.7.0 later", ["502", "250"]],
    ["{}", "535 5.7.8 no", ["502", "250"]],
  ] as const)
    await withClient({ keywords, says: { AUTH: auth } }, { policy }, async (client) => {
      await wait(150); // the guard has asked
      const replies = await client.say("EHLO c.example", "AUTH PLAIN AHgAeA==", "MAIL FROM:<>");
      expect(replies.slice(1), `${policy} ${auth}`).toEqual(want);
    });
});

test("it warns of an upstream that relays for it", async () => {
  await withClient({}, {}, async (_client, _upstream, proxy) => {
    await wait(150);
    expect(proxy.events).toContainEqual({
      ...{ event: "warning", door: "proxy" },
      says: expect.stringContaining("relays for the guard's own address"),
    });
  });
});

test("whoever calls himself ever something else is let go", async () => {
  await withClient({}, {}, async (client, upstream) => {
    const replies = await client.say(...Array.from({ length: 25 }, (_, n) => `EHLO c${n}.example`));
    expect(replies.slice(19, 22)).toEqual(["250", "421", "closed"]);
    expect(upstream.sessions()).toBeLessThan(25);
  });
});

test("with observe nothing passes to a mailer that takes every client for the guard", async () => {
  await withClient({}, { observe: true }, async (client) => {
    expect(await client.say("EHLO c.example", "MAIL FROM:<>", "RCPT TO:<x@elsewhere.example>", toUs[1])).toEqual([
      ...["250", "250", "450", "250"],
    ]);
  });
});

test("fifty connections are enough for a stranger", async () => {
  await using upstream = await fakeUpstream();
  await using proxy = await proxyBefore(upstream.port, { acceptProxy: net("127.0.0.0/8") });
  const from = (address: string): Talk => {
    const talk = new Talk(proxy.port);
    talk.send(`PROXY TCP4 ${address} 192.0.2.25 4711 25\r\n`);
    return talk;
  };
  const all = Array.from({ length: 51 }, () => from("203.0.113.9"));
  const heard = await Promise.all(all.map((one) => one.reply()));
  expect(heard.filter((line) => line.startsWith("421 4.7.0")).length).toBe(1);
  using other = from("203.0.113.10");
  expect(await other.reply()).toMatch(/^220/);
  all.find((_, n) => heard[n]?.startsWith("220"))?.[Symbol.dispose]();
  await wait(50);
  using again = from("203.0.113.9");
  expect(await again.reply()).toMatch(/^220/);
  for (const one of all) one[Symbol.dispose]();
});

test("with observe everything passes, and is counted", async () => {
  await withClient({ keywords: ["XCLIENT ADDR"] }, { observe: true }, async (client, _upstream, proxy) => {
    expect(await client.say("EHLO c.example", "MAIL FROM:<>", "RCPT TO:<x@elsewhere.example>")).toEqual([
      "250",
      "250",
      "250",
    ]);
    expect(proxy.events).toContainEqual(expect.objectContaining({ action: "would-refuse", reason: "relaying-denied" }));
  });
});

test("a client has its limits: connections, errors, the length of a line", async () => {
  await withClient({}, {}, async (client, _upstream, proxy) => {
    const more = Array.from({ length: 50 }, () => new Talk(proxy.port));
    const greetings = await Promise.all(more.map((one) => one.reply()));
    // Loopback is this machine's own, and not limited.
    expect(greetings.filter((line) => line.startsWith("220")).length).toBe(50);
    for (const one of more) one[Symbol.dispose]();
    client.send("x".repeat(1_000_000));
    client.send("\r\n");
    expect(await client.reply()).toMatch(/^500/);
    let last = "";
    for (let n = 0; n < 30 && last !== "closed"; n += 1) [last = ""] = await client.say("nonsense");
    expect(last).toBe("closed");
  });
});

test("a hundred megabytes pass, and stay nowhere", { timeout: 60_000 }, async () => {
  const sizes: number[] = [];
  await using upstream = await sinkUpstream((bytes) => sizes.push(bytes));
  await using proxy = await proxyBefore(upstream.port);
  using client = new Talk(proxy.port);
  await client.reply();
  await client.say("EHLO c.example", ...toUs, "DATA");
  const block = Buffer.from(`${"x".repeat(70)}\r\n`.repeat(900));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let sent = 0; sent < 100_000_000; sent += block.length) {
    await client.sendAll(block);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  client.send(".\r\n");
  expect((await client.reply()).slice(0, 3)).toBe("250");
  expect(sizes[0]).toBeGreaterThan(100_000_000);
  // Client and mailer are in this process too, and what is garbage already counts.
  expect(most).toBeLessThan(80_000_000);
});

/** Takes a message and keeps nothing of it. */
async function sinkUpstream(took: (bytes: number) => void): Promise<{ readonly port: number } & AsyncDisposable> {
  const { createServer } = await import("node:net");
  const server = createServer((socket) => {
    let data = false;
    let bytes = 0;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (!data) {
        data = chunk.toString("latin1").startsWith("DATA");
        socket.write(data ? "354 go on\r\n" : "250 ok\r\n");
        return;
      }
      bytes += chunk.length;
      if (!chunk.subarray(-5).toString("latin1").endsWith("\r\n.\r\n")) return;
      data = false;
      took(bytes);
      socket.write("250 ok\r\n");
    });
    socket.write("220 sink\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
