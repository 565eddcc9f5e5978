import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSite } from "../site/site.ts";
import { guardRule } from "./decide.ts";
import type { GuardEvent } from "./event.ts";
import type { House } from "./house.ts";
import { MilterProtocolError, negotiate, PacketReader, packet } from "./milter.ts";
import { MilterSession } from "./milter-door.ts";
import { anybody } from "./recipients.ts";
import { Tally } from "./tally.ts";

const site = parseSite("name: x\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\n", "site.yaml");
if (!site.ok) throw new Error("the site cannot be read");
const rule = guardRule(site.site);

function houseWith(given: Partial<House> = {}): House & { readonly events: GuardEvent[] } {
  const events: GuardEvent[] = [];
  return {
    rule: () => rule,
    recipients: () => anybody,
    observe: false,
    tally: new Tally(),
    log: (event) => events.push(event),
    events,
    ...given,
  };
}

const numbers = (...values: readonly number[]): string => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, index * 4);
  });
  return bytes.toString("latin1");
};
const connect = (family: string, address: string) => ({
  command: "C",
  data: `host.example\0${family}${family === "4" || family === "6" ? `\0\x19${address}\0` : ""}`,
});

/** The letters of the answers; `-` where there is none. */
function play(house: House, packets: readonly { command: string; data: string }[], offer = [6, 0x1ff, 0x1fffff]) {
  const session = new MilterSession(house);
  const all = [{ command: "O", data: numbers(...offer) }, ...packets];
  return all
    .map((one) => {
      const answer = session.take(one);
      return answer === null ? "-" : Buffer.from(answer).toString("latin1", 4);
    })
    .slice(1);
}

const mail = { command: "M", data: "<a@isp.example>\0SIZE=10\0" };
const rcpt = (path: string) => ({ command: "R", data: `${path}\0` });
const denied = /^y550 5\.7\.1 Relaying denied: [^\0]*\[203\.0\.113\.9\]\0$/;

test("a stranger may write to us, and to nobody else", () => {
  const [connected, began, ours, theirs] = play(houseWith(), [
    connect("4", "203.0.113.9"),
    mail,
    rcpt("<b@ourcollege.example>"),
    rcpt("<b@elsewhere.example>"),
  ]);
  expect([connected, began, ours]).toEqual(["-", "-", "c"]);
  expect(theirs).toMatch(denied);
});

for (const [what, packets, want] of [
  ["one of ours", [connect("4", "192.0.2.7"), mail, rcpt("<b@elsewhere.example>")], "c"],
  ["IPv6", [connect("6", "2001:db8::9"), mail, rcpt("<b@elsewhere.example>")], "y"],
  ["IPv6 as Sendmail writes it", [connect("6", "IPv6:2001:db8::9"), mail, rcpt("<b@ourcollege.example>")], "c"],
  ["the machine itself", [connect("L", ""), mail, rcpt("<b@elsewhere.example>")], "c"],
  ["nobody knows who", [connect("U", ""), mail, rcpt("<b@elsewhere.example>")], "y"],
  [
    "a login",
    [
      connect("4", "203.0.113.9"),
      { command: "D", data: "M{auth_type}\0PLAIN\0{auth_authen}\0alice\0" },
      mail,
      rcpt("<b@elsewhere.example>"),
    ],
    "c",
  ],
  [
    "macros of RCPT are no login",
    [
      connect("4", "203.0.113.9"),
      { command: "D", data: "M{mail_addr}\0a@isp.example\0" },
      mail,
      { command: "D", data: "R{auth_authen}\0alice\0" },
      rcpt("<b@elsewhere.example>"),
    ],
    "y",
  ],
  [
    "a login ends with its session",
    [
      connect("4", "203.0.113.9"),
      { command: "D", data: "M{auth_authen}\0alice\0" },
      mail,
      { command: "K", data: "" },
      connect("4", "203.0.113.9"),
      mail,
      rcpt("<b@elsewhere.example>"),
    ],
    "y",
  ],
  ["a route through us", [connect("4", "203.0.113.9"), mail, rcpt("<b%elsewhere.example@ourcollege.example>")], "y"],
  // A session whose connection was not told is nobody's.
  ["no connection", [mail, rcpt("<b@elsewhere.example>")], "y"],
] as const)
  test(`${what}: ${want}`, () => {
    expect(play(houseWith(), packets).at(-1)?.[0]).toBe(want);
  });

test("with --observe everything passes, and is counted", () => {
  const house = houseWith({ observe: true });
  expect(play(house, [connect("4", "203.0.113.9"), mail, rcpt("<b@elsewhere.example>")]).at(-1)).toBe("c");
  expect(house.events).toMatchObject([{ action: "would-refuse", reason: "relaying-denied" }]);
});

test("a fault puts mail off, and is told", () => {
  const house = houseWith({
    rule: () => {
      throw new Error("broken");
    },
  });
  expect(play(house, [connect("4", "203.0.113.9"), mail, rcpt("<b@ourcollege.example>")]).at(-1)).toBe("t");
  expect(house.events).toMatchObject([{ event: "fault" }]);
});

test("old mailers get answers to all steps", () => {
  expect(
    play(
      houseWith(),
      [connect("4", "203.0.113.9"), { command: "H", data: "x\0" }, mail, rcpt("<b@ourcollege.example>")],
      [2, 0x3f, 0x7f],
    ),
  ).toEqual(["c", "c", "c", "c"]);
});

test("the negotiation declines what is not needed, and only what is offered", () => {
  const steps = (version: number, offered: number) =>
    Buffer.from(negotiate(numbers(version, 0x1ff, offered)).reply).readUInt32BE(13);
  expect(steps(6, 0x1fffff)).toBe(0x5372);
  expect(steps(6, 0x7f)).toBe(0x72);
  expect(steps(2, 0x1fffff)).toBe(0x72);
  expect(() => negotiate(numbers(1, 0, 0))).toThrow(MilterProtocolError);
  expect(() => negotiate("short")).toThrow(MilterProtocolError);
});

test("packets come in pieces of any size", () => {
  const whole = Buffer.concat([packet("O", numbers(6, 0, 0)), packet("M", "<a@b>\0"), packet("Q")]);
  for (let size = 1; size <= whole.length; size += 1) {
    const reader = new PacketReader();
    const seen: string[] = [];
    for (let at = 0; at < whole.length; at += size)
      for (const one of reader.push(whole.subarray(at, at + size))) seen.push(one.command);
    expect(seen.join("")).toBe("OMQ");
  }
});

for (const [what, bytes] of [
  ["empty", numbers(0)],
  ["endless", numbers(0xffffffff)],
] as const)
  test(`a packet that is ${what}`, () => {
    expect(() => new PacketReader().push(Buffer.from(bytes, "latin1"))).toThrow(MilterProtocolError);
  });

test("a command before the negotiation, and one that nobody knows", () => {
  expect(() => new MilterSession(houseWith()).take(mail)).toThrow(MilterProtocolError);
  expect(() => play(houseWith(), [{ command: "z", data: "" }])).toThrow(MilterProtocolError);
});

test("whatever comes, it is answered or breaks the protocol", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const session = new MilterSession(houseWith());
      try {
        session.take({ command: "O", data: numbers(6, 0, 0x1fffff) });
        for (const one of new PacketReader().push(Buffer.concat([packet("R", "x\0"), bytes]))) session.take(one);
      } catch (error) {
        expect(error).toBeInstanceOf(MilterProtocolError);
      }
    }),
  );
});
