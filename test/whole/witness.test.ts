/** A witness, as an audit writes it, replayed on a mailer that behaves so, and on one that does not. */
import { expect, test } from "vitest";
import { elsewhere, outsidePath, strangersHelo, strangersReversePath } from "../../src/witness/strangers.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { ourDomain, rehearse } from "./rehearse.ts";

const forgedSender: Witness = {
  client: { address: null, authenticated: false },
  helo: strangersHelo,
  reversePath: `<boss@${ourDomain}>`,
  forwardPath: outsidePath,
  previousRecipients: [],
  tls: "none",
};
const percent: Witness = {
  ...forgedSender,
  reversePath: strangersReversePath,
  forwardPath: `<probe%${elsewhere}@${ourDomain}>`,
};

test("a mailer that behaves as the configuration said is proved open by the witness alone", async () => {
  const result = await rehearse(["trusts-local-sender"], { options: { witnesses: [forgedSender, percent] } });
  expect([result.verdict, result.coverage.profile]).toEqual(["open", "witness"]);
  expect(result.probes.map(({ id, outcome }) => [id, outcome])).toEqual([
    ["witness-1", "relayed"],
    ["witness-2", "refused"],
  ]);
});

test("a mailer that was mended refuses it, and no more than that is said", async () => {
  const result = await rehearse(["closed"], { options: { witnesses: [forgedSender] } });
  expect(result.probes.map(({ outcome }) => outcome)).toEqual(["refused"]);
  expect(result.verdict).toBe("inconclusive");
});

test("a witness that needs a client we are not is left out, and said to be", async () => {
  const fromElsewhere = { ...forgedSender, client: { address: "198.51.100.77", authenticated: false } };
  const result = await rehearse(["trusts-local-sender"], { options: { witnesses: [fromElsewhere, percent] } });
  expect(result.probes.map(({ id }) => id)).toEqual(["witness-2"]);
  await expect(
    rehearse(["closed"], { options: { witnesses: [{ ...forgedSender, forwardPath: "<a@partner.example>" }] } }),
  ).rejects.toThrow("no witness in the file can be replayed");
});
