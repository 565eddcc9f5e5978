import { expect, test } from "vitest";
import { arf } from "../../test/complaints/mails.ts";
import { raw, site } from "../../test/complaints/site.ts";
import { fakeClock, fakeRandom } from "../../test/fakes/clock.ts";
import { openStore } from "../store/store.ts";
import { complaintsTask } from "./complaints.ts";

test("what the tester proved makes the incident, and the incident is on record", async () => {
  const clock = fakeClock("2026-11-23T00:00:00.000Z");
  await using store = await openStore(":memory:", clock);
  await store.runs.begin({ id: "check-1", tool: "check", profile: "quick", catalogue: 1 });
  await store.runs.addTarget("check-1", { subject: "192.0.2.25:25", verdict: "open", result: "{}", sent: [] });
  await store.runs.end("check-1", "open", "{}");
  async function* messages() {
    yield raw(arf());
  }
  const ports = { clock, random: fakeRandom(), store, messages };
  for await (const event of complaintsTask({ site, paths: ["box"] }, ports, new AbortController().signal))
    if (event.kind === "result")
      expect(event.result.incidents).toMatchObject([
        { id: "mx1/open-relay/2026-11-23", provedAt: "2026-11-23T00:00:00.000Z" },
      ]);
  expect((await store.runs.list(10)).map(({ tool, verdict, targets }) => [tool, verdict, targets])).toContainEqual([
    "complaints",
    "ours",
    1,
  ]);
});
