/**
 * Sends what is approved in a store, as another process: `node test/fakes/reply-child.ts STORE PORT`.
 */
import { builtInLanguages } from "../../src/complaints/reply/overrides.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { longestSubmissionMs, submissionServer } from "../../src/io/submission.ts";
import { openStore } from "../../src/store/store.ts";
import { sendReplies } from "../../src/tasks/reply-send.ts";
import { replySite } from "./reply-site.ts";

const [file = "", port = ""] = process.argv.slice(2);
await using store = await openStore(file, systemClock);
await sendReplies(
  { ids: [] },
  {
    site: replySite(Number(port)),
    languages: builtInLanguages,
    store,
    clock: systemClock,
    random: systemRandom,
    submitter: async () => submissionServer({ host: "127.0.0.1", port: Number(port), implicitTls: false, login: null }),
    longestMs: longestSubmissionMs,
    tell: () => {},
  },
  new AbortController().signal,
);
process.stdout.write("done\n");
