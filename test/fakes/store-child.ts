/**
 * Another process on the same store file: `node test/fakes/store-child.ts FILE arrivals|work|lease|key NAME COUNT`. It
 * says on stdout what was acknowledged, so that a test can kill it and see what was kept.
 */
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { openStore } from "../../src/store/store.ts";
import { arrivalWith } from "./arrival.ts";

const [file = "", what = "", name = "", count = "1"] = process.argv.slice(2);
await using store = await openStore(file, systemClock);
const say = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));

switch (what) {
  case "arrivals":
    for (let number = 0; number < Number(count); number += 1) {
      const token = `${name}-${number}`;
      await store.drop.record(arrivalWith({ recipients: [{ path: `<fp-${token}@catch.example>`, token }] }));
      await say(token);
    }
    break;
  case "work":
    for (let number = 0; number < Number(count); number += 1) {
      const run = `${name}-${number}`;
      await store.runs.begin({ id: run, tool: "check", profile: "quick", catalogue: 1 });
      await store.runs.addTarget(run, {
        subject: "192.0.2.25:25",
        verdict: "closed",
        result: "{}",
        sent: [{ token: run, instance: "plain-external" }],
      });
      await store.runs.end(run, "closed", "{}");
    }
    await say("done");
    break;
  case "lease":
    await say((await store.leases.take("192.0.2.25", name, 60_000)) === null ? "taken" : "refused");
    break;
  case "key":
    await say(Buffer.from(await store.tokenKey(systemRandom)).toString("hex"));
    break;
}
