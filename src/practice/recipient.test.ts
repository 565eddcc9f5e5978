import fc from "fast-check";
import { expect, test } from "vitest";
import { type DomainName, parseDomain } from "../net/domain.ts";
import { readForwardPath, readReversePath } from "../smtp/path.ts";
import { destination } from "../smtp/routing.ts";
import { type Behaviour, type BehaviourId, behaviourOf, behaviours } from "./behaviours.ts";
import { judgeRecipient } from "./recipient.ts";
import { type Claims, combined, type House } from "./traits.ts";

const domain = (text: string): DomainName => {
  const parsed = parseDomain(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
};
const ours = domain("ourcollege.example");
const house: House = {
  hostName: "practice.example",
  address: { family: 4, bits: 0x7f000001n },
  domains: [ours],
  isOwn: (one) => (one.kind === "name" ? one.name === ours : one.address.bits === 0x7f000001n),
};
const stranger: Claims = {
  claimed: null,
  helo: "probe.example",
  reversePath: readReversePath("<a@elsewhere.example>"),
  authParameter: null,
  tls: false,
  login: null,
  recipients: 0,
  abandonedLocal: false,
  messages: 0,
};

function fateOf(behaviour: BehaviourId, path: string, claims: Partial<Claims> = {}): string {
  const judged = judgeRecipient(path, { ...stranger, ...claims }, house, combined([behaviourOf(behaviour)!.traits]));
  if (judged.kind === "refused") return `${judged.reply.code} ${judged.reply.enhanced}`;
  return judged.fate.kind === "onward" ? `on to ${judged.fate.address}` : judged.fate.kind;
}

for (const [behaviour, path, claims, want] of [
  // Closed: ours is taken if it exists, all else refused.
  ["closed", "<postmaster@ourcollege.example>", {}, "mailbox"],
  ["closed", "<Postmaster>", {}, "mailbox"],
  ["closed", "<nobody@ourcollege.example>", {}, "550 5.1.1"],
  ["closed", "<b@elsewhere.example>", {}, "550 5.7.1"],
  ["closed", "<b%elsewhere.example@ourcollege.example>", {}, "550 5.7.1"],
  ["closed", "<b@elsewhere.example@ourcollege.example>", {}, "501 5.1.3"],
  // Whom it trusts decides, and nothing else changes.
  ["trusts-local-sender", "<b@elsewhere.example>", {}, "550 5.7.1"],
  [
    "trusts-local-sender",
    "<b@elsewhere.example>",
    { reversePath: readReversePath("<x@ourcollege.example>") },
    "on to b@elsewhere.example",
  ],
  [
    "trusts-sender-suffix",
    "<b@elsewhere.example>",
    { reversePath: readReversePath("<x@xourcollege.example>") },
    "on to b@elsewhere.example",
  ],
  [
    "trusts-sender-suffix",
    "<b@elsewhere.example>",
    { reversePath: readReversePath("<x@ourcollege.example>") },
    "550 5.7.1",
  ],
  ["trusts-null-sender", "<b@elsewhere.example>", { reversePath: { kind: "null" } }, "on to b@elsewhere.example"],
  ["wide-open", "<b@elsewhere.example>", {}, "on to b@elsewhere.example"],
  ["wide-open", "<b%elsewhere.example@ourcollege.example>", {}, "550 5.1.1"],
  // A path that is rewritten after it was taken for our own.
  ["percent-hack", "<b%elsewhere.example@ourcollege.example>", {}, "on to b@elsewhere.example"],
  ["percent-hack", "<b@elsewhere.example>", {}, "550 5.7.1"],
  ["double-at", "<b@elsewhere.example@ourcollege.example>", {}, "on to b@elsewhere.example"],
  [
    "unanchored-recipient",
    "<b@ourcollege.example.elsewhere.example>",
    {},
    "on to b@ourcollege.example.elsewhere.example",
  ],
  // Strange names that are only names.
  ["catch-all", "<b%elsewhere.example@ourcollege.example>", {}, "nowhere"],
  ["catch-all", "<b@elsewhere.example>", {}, "550 5.7.1"],
  ["accept-and-drop", "<b@elsewhere.example>", {}, "nowhere"],
  ["refuses-454", "<b@elsewhere.example>", {}, "454 4.7.1"],
] as const)
  test(`${behaviour}: ${path}`, () => expect(fateOf(behaviour, path, claims)).toBe(want));

test("closed takes nothing that does not end with us, however it is written", () => {
  const piece = fc.constantFrom(
    "a",
    "%",
    "!",
    "@",
    '"',
    ":",
    ",",
    ".",
    "<",
    ">",
    "\\",
    "ourcollege.example",
    "elsewhere.example",
    "postmaster",
    "[127.0.0.1]",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const path = `<${pieces.join("")}>`;
      const judged = judgeRecipient(path, stranger, house, {});
      if (judged.kind === "taken")
        expect([judged.fate.kind, destination(readForwardPath(path), house.isOwn).end]).toEqual(["mailbox", "ours"]);
    }),
  );
});

test("each behaviour is told apart by its id, and says what it does", () => {
  expect(new Set(behaviours.map(({ id }) => id)).size).toBe(behaviours.length);
  for (const row of behaviours as readonly Behaviour[]) {
    expect(row.does).toMatch(/\.$/);
    // What relays can be found, and what does not cannot be open.
    expect(row.truth === "relays" ? row.foundBy !== null : row.expected.verdict !== "open").toBe(true);
  }
});
