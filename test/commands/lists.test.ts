import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/io/clock.ts";
import { listsDocumentSchema } from "../../src/lists/result.ts";
import { openStore } from "../../src/store/store.ts";
import { startResolver } from "../lists/resolver.ts";
import { relayed, target } from "../results/check.ts";
import { fencepost, newFolder } from "./run.ts";

vi.setConfig({ testTimeout: 60_000 });

const site = `name: Our College
domains: [ourcollege.example]
networks: [192.0.2.0/24, 10.1.1.0/24]
mailers:
  - { name: mx, addresses: [192.0.2.25, 10.1.1.2], ports: [25], sendsFrom: [192.0.2.26] }
`;

const zones = {
  "bl.spamcop.net": {
    kind: "names",
    names: { "2.0.0.127.bl.spamcop.net": ["127.0.0.2"], "26.2.0.192.bl.spamcop.net": ["127.0.0.2"] },
  },
  "dbl.spamhaus.org": { kind: "names", names: { "dbltest.com.dbl.spamhaus.org": ["127.0.1.2"] } },
  "k3y.zen.dq.spamhaus.net": { kind: "names", names: { "2.0.0.127.k3y.zen.dq.spamhaus.net": ["127.0.0.2"] } },
  "psbl.surriel.com": { kind: "wildcard", records: ["127.0.0.2"] },
} as const;

test("what the site sends from, and its domains; recorded, and shown again", async () => {
  await using dns = await startResolver({ zones });
  const cwd = newFolder();
  writeFileSync(join(cwd, "site.yaml"), site);
  const lists = ["spamcop", "psbl", "spamhaus-dbl"].flatMap((id) => ["--list", id]);
  const ran = await fencepost(["lists", "check", "--resolver", dns.address, ...lists, "--json"], { cwd });
  expect([ran.code, ran.err]).toEqual([1, ""]);
  const document = listsDocumentSchema.parse(JSON.parse(ran.out));
  expect(document.subjects.map(({ subject, mailer, verdict }) => [subject, mailer, verdict])).toEqual([
    ["192.0.2.25", "mx", "unknown"], // PSBL lists everything
    ["192.0.2.26", "mx", "listed"],
    ["ourcollege.example", null, "clean"],
  ]);
  const again = await fencepost(["history", "latest", "--json"], { cwd });
  expect(JSON.parse(again.out)).toEqual(document);
  const text = await fencepost(["history", "latest"], { cwd });
  expect(text.out).toMatch(/192\.0\.2\.26 \(mx\) at SpamCop/);
  expect(text.out).toMatch(/lists everything[\s\S]*PSBL/);
  const nagios = await fencepost(["history", "latest", "--format", "nagios"], { cwd });
  expect([nagios.code, nagios.out]).toEqual([2, expect.stringMatching(/^LISTS CRITICAL - 1 of 3 /)]);
});

test("keys come from a file or the environment, and are never shown", async () => {
  await using dns = await startResolver({ zones });
  const cwd = newFolder();
  writeFileSync(join(cwd, "keys"), "spamhaus-dqs=K3Y\n");
  const ask = ["lists", "check", "192.0.2.25", "--resolver", dns.address, "--list", "spamhaus-zen"];
  for (const [more, env] of [
    [["--keys", "keys", "--format", "json"], {}],
    [["--format", "html"], { FENCEPOST_LIST_KEYS: "spamhaus-dqs=k3y" }],
    [["--format", "text"], { FENCEPOST_LIST_KEY_SPAMHAUS_DQS: "k3y" }],
  ] as const) {
    const ran = await fencepost([...ask, ...more], { cwd, env });
    expect([ran.code, /k3y/i.test(ran.out + ran.err)]).toEqual([0, false]);
  }
  expect(dns.asked.get("k3y.zen.dq.spamhaus.net")).toBe(15); // five questions a run
  const bad = await fencepost([...ask], { cwd, env: { FENCEPOST_LIST_KEYS: "spamhaus=k3y" } });
  expect([bad.code, /k3y/.test(bad.err)]).toEqual([65, false]);
});

test("what comes and goes is told, and since when; the exits that were proved are asked about too", async () => {
  const cwd = newFolder();
  writeFileSync(join(cwd, "site.yaml"), site);
  {
    mkdirSync(join(cwd, "fencepost"));
    await using store = await openStore(join(cwd, "fencepost", "our-college.sqlite"), systemClock);
    await store.runs.begin({ id: "r1", tool: "check", profile: "full", catalogue: 1 });
    const relayed_ = target("open", { probes: [relayed("plain-external")] });
    const probes = relayed_.probes.map((one) => ({ ...one, proof: one.proof && { ...one.proof, exit: "192.0.2.99" } }));
    const result = JSON.stringify({ ...relayed_, probes });
    await store.runs.addTarget("r1", { subject: "192.0.2.25:25", verdict: "open", result, sent: [] });
  }
  const check = async (dns: { readonly address: string }) => {
    const ran = await fencepost(["lists", "check", "--resolver", dns.address, "--list", "spamcop", "--json"], { cwd });
    return listsDocumentSchema.parse(JSON.parse(ran.out));
  };
  const listing = "26.2.0.192.bl.spamcop.net";
  const names = (...more: readonly string[]) => ({
    "bl.spamcop.net": {
      kind: "names" as const,
      names: Object.fromEntries(["2.0.0.127.bl.spamcop.net", ...more].map((name) => [name, ["127.0.0.2"]])),
    },
  });
  let since = "";
  {
    await using dns = await startResolver({ zones: names(listing, "99.2.0.192.bl.spamcop.net") });
    const first = await check(dns);
    expect(first.changes?.map(({ subject }) => subject).sort()).toEqual(["192.0.2.26", "192.0.2.99"]);
    expect(first.subjects.find(({ subject }) => subject === "192.0.2.99")?.mailer).toBe("mx");
    since = first.subjects.find(({ subject }) => subject === "192.0.2.26")?.listings[0]?.firstSeen ?? "";
    const second = await check(dns);
    expect(second.changes).toBeUndefined();
    expect(second.subjects.find(({ subject }) => subject === "192.0.2.26")?.listings[0]?.firstSeen).toBe(since);
  }
  await using dns = await startResolver({ zones: names("99.2.0.192.bl.spamcop.net") });
  expect((await check(dns)).changes).toEqual([
    { subject: "192.0.2.26", text: expect.stringMatching(/^is gone from SpamCop/) },
  ]);
});

for (const [why, args, code, err] of [
  ["nothing to ask about", [], 64, /No site\.yaml was found/],
  ["a private address", ["10.1.1.2"], 64, /10\.1\.1\.2 is a private address/],
  ["neither address nor domain", ["192.0.2.256"], 64, /192\.0\.2\.256: expected/],
  ["a word", ["not_a_domain"], 64, /not_a_domain: expected an address or a domain/],
  ["a list that is none", ["192.0.2.25", "--list", "spamcob"], 64, /Did you mean spamcop\?/],
  ["hashes", ["192.0.2.25", "--list", "ebl-msbl"], 64, /lists hashes/],
  ["a file that is not there", ["192.0.2.25", "--keys", "nowhere"], 66, /nowhere: there is no such file/],
] as const)
  test(`refused: ${why}`, async () => {
    const ran = await fencepost(["lists", "check", ...args, "--no-store"]);
    expect([ran.code, ran.out]).toEqual([code, ""]);
    expect(ran.err).toMatch(err);
  });

test("the HTML page holds the map, and what a list says is only text there", async () => {
  const text = { "25.2.0.192.bl.spamcop.net": ["127.0.0.2"], "2.0.0.127.bl.spamcop.net": ["127.0.0.2"] };
  await using dns = await startResolver({
    zones: { "bl.spamcop.net": { kind: "names", names: text, text: "<script>alert(1)</script>\u001b[31m" } },
  });
  const cwd = newFolder();
  const args = ["lists", "check", "192.0.2.25", "192.0.2.26", "--list", "spamcop", "--resolver", dns.address];
  const ran = await fencepost([...args, "--no-store", "--format", "html"], { cwd });
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/<svg/);
  expect(ran.out).not.toMatch(/<script/);
  expect(ran.out).toMatch(/&lt;script&gt;alert\(1\)&lt;\/script&gt;\\x1b\[31m/);
});
