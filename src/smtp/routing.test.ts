import { expect, test } from "vitest";
import { formatIp } from "../net/ip.ts";
import { readForwardPath } from "./path.ts";
import { destination } from "./routing.ts";

const end = (text: string) => {
  const way = destination(readForwardPath(text), (domain) =>
    domain.kind === "name"
      ? ["ours.example", "dept.ours.example"].includes(domain.name)
      : formatIp(domain.address) === "192.0.2.25",
  );
  return `${way.end}: ${way.reason}`;
};

for (const [text, want] of [
  ["<user@ours.example>", "ours: our-domain"],
  ["<USER@OURS.example.>", "ours: our-domain"],
  ["<user@[192.0.2.25]>", "ours: our-domain"],
  ["<user@[IPv6:::ffff:192.0.2.25]>", "ours: our-domain"],
  ["<Postmaster>", "ours: no-domain"],
  ["<user>", "ours: no-domain"],
  ["<user@out.example>", "external: outside-domain"],
  ["<user@[192.0.2.26]>", "external: outside-domain"],
  // Parts of a name do not make it ours.
  ["<user@ours.example.out.example>", "external: outside-domain"],
  ["<user@notours.example>", "external: outside-domain"],
  ["<user@localhost>", "external: outside-domain"],

  // The percent hack (RFC 1123 §5.2.16).
  ["<user%out.example@ours.example>", "external: routed-outside"],
  ["<user%out.example@[192.0.2.25]>", "external: routed-outside"],
  ["<user%out.example>", "external: routed-outside"],
  ["<user%dept.ours.example@ours.example>", "ours: routed-to-us"],
  ["<user%out.example%dept.ours.example@ours.example>", "external: routed-outside"],
  ["<user%@ours.example>", "unknown: unreadable-route"],
  ["<%ours.example@ours.example>", "unknown: unreadable-route"],

  // Bang paths (RFC 976).
  ["<out.example!user@ours.example>", "external: routed-outside"],
  ["<out.example!user>", "external: routed-outside"],
  ["<ours.example!out.example!user@ours.example>", "external: routed-outside"],
  ["<ours.example!user@ours.example>", "ours: routed-to-us"],
  // Whether the percent or the bang is honoured first, one end is outside.
  ["<out.example!user%ours.example@ours.example>", "external: routed-outside"],
  ["<ours.example!user%out.example@ours.example>", "external: routed-outside"],

  // A second @, inside quotes; outside of them no mailer agrees with another.
  ['<"user@out.example"@ours.example>', "external: routed-outside"],
  ['<"user@out.example@dept.ours.example"@ours.example>', "external: routed-outside"],
  ['<"user@[192.0.2.26]"@ours.example>', "external: routed-outside"],
  ['<"user@ours.example"@ours.example>', "ours: routed-to-us"],
  ["<user@out.example@ours.example>", "unknown: malformed"],
  ['<"\\"user@out.example\\""@ours.example>', "unknown: unreadable-route"],

  // Source routes (RFC 5321 §C): every hop is a place the message may be handed to.
  ["<@ours.example,@out.example:user@out2.example>", "external: routed-outside"],
  ["<@ours.example:user@out.example>", "external: routed-outside"],
  ["<@out.example:user@ours.example>", "external: outside-domain"],
  ["<@ours.example:user@dept.ours.example>", "ours: routed-to-us"],
  ["<@ours.example:user%out.example@ours.example>", "external: routed-outside"],
  ['<"@ours.example:user@out.example"@ours.example>', "external: routed-outside"],
  ['<"@ours.example:user@dept.ours.example"@ours.example>', "ours: routed-to-us"],
  ['<"@out.example"@ours.example>', "unknown: unreadable-route"],

  // SRS, BATV and VERP carry an address but do not route.
  ["<SRS0=HHH=TT=out.example=user@ours.example>", "ours: our-domain"],
  ["<SRS1=HHH=out.example==HHH=TT=out2.example=user@ours.example>", "ours: our-domain"],
  ["<prvs=1234abcdef=user@ours.example>", "ours: our-domain"],
  ["<list-bounces+user=out.example@ours.example>", "ours: our-domain"],
  // … unless something that does route is hidden in them.
  ["<SRS0=HHH=TT=ours.example=user%out.example@ours.example>", "external: routed-outside"],
  ["<prvs=1234abcdef=user%out.example@ours.example>", "external: routed-outside"],

  ["<a!b!c!d!e!f!g!h!i!user@ours.example>", "unknown: too-deep"],
  [`<user@ours.example`, "unknown: malformed"],
] as const) {
  test(`${text} → ${want}`, () => expect(end(text)).toBe(want));
}

test("the way there is told", () => {
  const way = destination(
    readForwardPath("<@ours.example:out.example!user%ours.example@ours.example>"),
    (domain) => domain.kind === "name" && domain.name === "ours.example",
  );
  expect(way).toMatchObject({ end: "external", to: { name: "out.example" }, via: [{ by: "source-route" }] });
});
