import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp } from "../net/ip.ts";
import { askedOf, PolicyProtocolError, PolicyReader } from "./policy.ts";

/** As Postfix 3.7 sends it. */
const request = (given: Readonly<Record<string, string>> = {}): string =>
  `${Object.entries({
    request: "smtpd_access_policy",
    protocol_state: "RCPT",
    protocol_name: "ESMTP",
    client_address: "203.0.113.9",
    client_name: "host9.isp.example",
    helo_name: "host9.isp.example",
    sender: "a@isp.example",
    recipient: "b@ourcollege.example",
    recipient_count: "0",
    sasl_method: "",
    sasl_username: "",
    size: "0",
    ...given,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")}\n`;

const read = (text: string) => new PolicyReader().push(text);

test("requests come in pieces of any size", () => {
  const text = request({ recipient: "one@ourcollege.example" }) + request({ recipient: "two@ourcollege.example" });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const reader = new PolicyReader();
      const seen: string[] = [];
      let at = 0;
      for (let step = 0; at < text.length; step += 1) {
        const size = sizes[step % sizes.length] as number; // there is one
        for (const one of reader.push(text.slice(at, at + size))) seen.push(one.get("recipient") ?? "");
        at += size;
      }
      expect(seen).toEqual(["one@ourcollege.example", "two@ourcollege.example"]);
    }),
  );
});

for (const [what, given, want] of [
  ["a stranger", {}, "203.0.113.9 - <a@isp.example> <b@ourcollege.example>"],
  [
    "a login",
    { sasl_method: "PLAIN", sasl_username: "alice" },
    "203.0.113.9 login <a@isp.example> <b@ourcollege.example>",
  ],
  [
    "a method without a name is no login",
    { sasl_method: "PLAIN" },
    "203.0.113.9 - <a@isp.example> <b@ourcollege.example>",
  ],
  ["IPv6", { client_address: "2001:db8::9" }, "2001:db8::9 - <a@isp.example> <b@ourcollege.example>"],
  ["no address", { client_address: "unknown" }, "nobody - <a@isp.example> <b@ourcollege.example>"],
  ["a bounce", { sender: "" }, "203.0.113.9 - <> <b@ourcollege.example>"],
  // The quotes that Postfix took away are put back.
  ["a space", { recipient: "b c@ourcollege.example" }, '203.0.113.9 - <a@isp.example> <"b c"@ourcollege.example>'],
  ["an @ inside", { recipient: "b@x@ourcollege.example" }, '203.0.113.9 - <a@isp.example> <"b@x"@ourcollege.example>'],
  [
    "a quote inside",
    { recipient: 'b"c@ourcollege.example' },
    '203.0.113.9 - <a@isp.example> <"b\\"c"@ourcollege.example>',
  ],
  ["an equals sign", { sender: "prvs=1=a@isp.example" }, "203.0.113.9 - <prvs=1=a@isp.example> <b@ourcollege.example>"],
] as const)
  test(what, () => {
    const asked = askedOf(read(request(given))[0] ?? new Map());
    const client = asked === null || asked.client === null ? "nobody" : formatIp(asked.client);
    expect(
      `${client} ${asked?.authenticated === true ? "login" : "-"} ${asked?.reversePath} ${asked?.forwardPath}`,
    ).toBe(want);
  });

for (const state of ["CONNECT", "EHLO", "HELO", "MAIL", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN"])
  test(`nothing is decided at ${state}`, () => {
    expect(askedOf(read(request({ protocol_state: state }))[0] ?? new Map())).toBeNull();
  });

for (const [what, text] of [
  ["another request", "request=other\n\n"],
  ["none", "client_address=203.0.113.9\n\n"],
  ["an empty one", "\n\n"],
  ["no attribute", "request=smtpd_access_policy\nnonsense\n\n"],
  ["no name", "request=smtpd_access_policy\n=x\n\n"],
  ["without end", `request=smtpd_access_policy\nsender=${"x".repeat(40_000)}`],
  ["too long", `request=smtpd_access_policy\nsender=${"x".repeat(40_000)}\n\n`],
  ["too many", `request=smtpd_access_policy\n${Array.from({ length: 300 }, (_, index) => `a${index}=\n`).join("")}\n`],
] as const)
  test(`breaks the protocol: ${what}`, () => {
    expect(() => read(text)).toThrow(PolicyProtocolError);
  });

test("whatever comes, it is requests or a broken protocol", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      try {
        read(text);
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyProtocolError);
      }
    }),
  );
});
