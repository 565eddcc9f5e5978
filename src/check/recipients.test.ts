import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeClock, fakeRandom } from "../../test/fakes/clock.ts";
import { literalResolver } from "../../test/fakes/resolver.ts";
import { parseIp } from "../net/ip.ts";
import { mayReceive, type RecipientRule } from "./recipients.ts";
import { tokens } from "./token.ts";

const made = tokens(Buffer.alloc(32, 1), fakeClock(), fakeRandom());
const token = made.issue("long");
const catcher = parseIp("198.51.100.25");
const rule: RecipientRule = {
  catchDomains: ["catch.example.net"],
  catcherAddresses: catcher.ok ? [catcher.value] : [],
  catcherHosts: ["mx.catch.example.net"],
  targetNames: ["ourcollege.example", "mx1.ourcollege.example", "[192.0.2.25]", "192.0.2.25", "localhost"],
  localRecipient: "postmaster@ourcollege.example",
  resolver: literalResolver({
    MX: { "ours.example.org": ["10 mx.catch.example.net"], "victim.example": ["10 mx.victim.example"] },
  }),
  tokens: made,
};
const may = (path: string): Promise<boolean> => mayReceive(path, rule, new AbortController().signal);

for (const path of [
  `<fp-${token}@catch.example.net>`,
  `<fp-${token}@a.b.catch.example.net>`,
  // Routing forms that end at the catcher or stay at the target
  `<fp-${token}%catch.example.net@ourcollege.example>`,
  `<@ourcollege.example:fp-${token}@catch.example.net>`,
  `<catch.example.net!fp-${token}@[192.0.2.25]>`,
  `<"fp-${token}@catch.example.net"@ourcollege.example>`,
  `<IMCEASMTP-fp+2D${token}+40catch+2Eexample+2Enet@ourcollege.example>`,
  `<fp-${token}@[198.51.100.25]>`,
  `<fp-${token}@${token}.ourcollege.example>`,
  `<postmaster@${token}.catch.example.net>`,
  // A domain whose MX is the catcher
  `<fp-${token}@ours.example.org>`,
  // The site's consenting recipient, without a token
  "<postmaster@ourcollege.example>",
])
  test(`may receive: ${path.replace(token, "TOKEN")}`, async () => expect(await may(path)).toBe(true));

for (const path of [
  // No token of ours
  "<someone@catch.example.net>",
  // Somebody else's domain, in every place a mailer might look for one
  `<fp-${token}@victim.example>`,
  `<victim%victim.example@ourcollege.example>`,
  `<fp-${token}%victim.example@ourcollege.example>`,
  `<victim.example!fp-${token}@ourcollege.example>`,
  `<@victim.example:fp-${token}@catch.example.net>`,
  `<"fp-${token}@victim.example"@ourcollege.example>`,
  `<fp-${token}@catch.example.net>,<x@victim.example>`,
  `<fp-${token}+40victim+2Eexample@ourcollege.example>`,
  `<fp-${token}@xourcollege.example>`,
  `<fp-${token}@catch.example.net.victim.example>`,
  // Somebody else's address
  `<fp-${token}@[203.0.113.7]>`,
  `<fp-${token}@#3405803783>`,
  // In wide characters that some mailers fold
  Buffer.from(`<fp-${token}＠victim。example>`).toString("latin1"),
])
  test(`may not receive: ${path.replace(token, "TOKEN")}`, async () => expect(await may(path)).toBe(false));

test("no spelling with a stranger's domain gets a message", async () => {
  const glue = fc.stringMatching(/^[@%!:"<>,;()\\ .=+a-z-]{0,6}$/);
  await fc.assert(
    fc.asyncProperty(glue, glue, glue, async (a, b, c) => {
      expect(await may(`<${a}fp-${token}${b}@victim.example${c}>`)).toBe(false);
    }),
  );
});
