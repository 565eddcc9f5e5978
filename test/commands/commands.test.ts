import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkDocumentSchema } from "../../src/check/result.ts";
import { systemClock } from "../../src/io/clock.ts";
import { catalogueSchema } from "../../src/report/results/catalogue.ts";
import { doctorSchema } from "../../src/report/results/doctor.ts";
import { historySchema } from "../../src/report/results/history.ts";
import { initSchema } from "../../src/report/results/init.ts";
import { parseSite } from "../../src/site/site.ts";
import { openStore } from "../../src/store/store.ts";
import { startDns } from "../fakes/dns-server.ts";
import { closed, documentWith, open, suspect } from "../results/check.ts";
import { fencepost, newFolder } from "./run.ts";

/** Starting a program takes its time where many tests run at once. */
vi.setConfig({ testTimeout: 90_000 });

const port = 20_000 + (process.pid % 20_000);
const catcher = ["--catch-listen", `127.0.0.1:${port}`, "--catch-domain", "catch.tests.example"];

for (const [args, code, says] of [
  [["frobnicate"], 64, "unknown command"],
  [["check", "--frobnicate"], 64, "unknown option"],
  [["check", "192.0.2.1", ...catcher, "--no-store"], 64, "may not be tested"],
  [["check", "--site", "missing.yaml"], 66, "there is no such file"],
  [["init", "192.0.2.1"], 64, "is no domain"],
  [["history", "--no-store"], 64, "history reads the store"],
  [["history", "latest"], 64, "no run is on record"],
  [["history", "--format", "html"], 64, "shows one run"],
  [["catalogue", "show", "postfx"], 64, "Did you mean postfix?"],
  [["catalogue", "list", "--profile", "odd"], 64, 'unknown profile "odd"'],
] as const)
  test(`fencepost ${args.join(" ")} ends with ${code}`, async () => {
    const ran = await fencepost(args);
    expect([ran.code, ran.out]).toEqual([code, ""]);
    expect(ran.err).toContain(says);
  });

for (const command of [["check"], ["init"], ["doctor"], ["history"], ["catalogue", "show"]])
  test(`${command.join(" ")} --help has examples`, async () => {
    const ran = await fencepost([...command, "--help"]);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    expect(ran.out).toContain("Examples:\n  $ fencepost ");
    for (const line of ran.out.split("\n")) expect(line.length, line).toBeLessThan(121);
  });

test("a bad site file is told with its line and column", async () => {
  const cwd = newFolder();
  writeFileSync(join(cwd, "site.yaml"), "name: x\ndomains: [ourcollege.example]\nnetworks: [10.1.1.2/23]\n");
  for (const command of ["doctor", "history"]) {
    const ran = await fencepost([command], { cwd });
    expect([ran.code, ran.out]).toEqual([78, ""]);
    expect(ran.err).toContain("site.yaml:3:12: networks[0]: 10.1.1.2/23: host bits are set. Did you mean 10.1.0.0/23?");
  }
});

test("an unknown host is a verdict, and is on record", async () => {
  await using dns = await startDns({});
  const cwd = newFolder();
  const ran = await fencepost(["check", "nowhere.example", ...catcher, "--resolver", dns.address, "--json"], { cwd });
  expect(ran.code).toBe(2);
  const document = checkDocumentSchema.parse(JSON.parse(ran.out));
  expect(document.results.map(({ verdict, because }) => [verdict, because])).toEqual([
    ["unreachable", "unknown host: DNS knows no address for it"],
  ]);
  const course = await fencepost(["history", "--target", "nowhere.example", "--json"], { cwd });
  expect(historySchema.parse(JSON.parse(course.out)).course?.map(({ verdict }) => verdict)).toEqual(["unreachable"]);
});

test("Nagios gets one line and its own exit codes, also when nothing could be tested", async () => {
  await using dns = await startDns({});
  const unknown = await fencepost([
    "check",
    "nowhere.example",
    ...catcher,
    "--resolver",
    dns.address,
    "--no-store",
    "--format",
    "nagios",
  ]);
  expect([unknown.code, unknown.out.split("\n").length]).toEqual([3, 2]);
  expect(unknown.out).toMatch(/^RELAY UNKNOWN - nowhere\.example unreachable: .* \| open=0;;0;0 /);
  const refused = await fencepost(["check", "192.0.2.1", ...catcher, "--no-store", "--format", "nagios"]);
  expect([refused.code, refused.out.slice(0, 34)]).toEqual([3, "RELAY UNKNOWN - 192.0.2.1 may not "]);
});

test("a reader that goes away is no failure", async () => {
  const ran = await fencepost(["catalogue", "list"], { closeAfter: 1 });
  expect([ran.code, ran.err]).toEqual([0, ""]);
});

test("catalogue prints what its schema says", async () => {
  for (const args of [
    ["list", "--profile", "quick", "--class", "plain"],
    ["list", "--products"],
    ["show", "F1"],
  ]) {
    const ran = await fencepost(["catalogue", ...args, "--json"]);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    expect(catalogueSchema.safeParse(JSON.parse(ran.out)).error).toBe(undefined);
  }
});

const college = {
  MX: { "ourcollege.example": ["10 mx1.ourcollege.example"] },
  A: { "mx1.ourcollege.example": ["192.0.2.25"] },
  TXT: { "ourcollege.example": ["v=spf1 ip4:192.0.2.0/24 -all"] },
};

test("init writes a site file that the other commands read, and never overwrites it unasked", async () => {
  await using dns = await startDns(college);
  const cwd = newFolder();
  const first = await fencepost(["init", "ourcollege.example", "--resolver", dns.address], { cwd });
  expect([first.code, first.err]).toEqual([0, ""]);
  expect(first.out).toContain("What is left to do");
  const text = readFileSync(join(cwd, "site.yaml"), "utf8");
  expect(parseSite(text, "site.yaml").ok).toBe(true);
  const again = await fencepost(["init", "ourcollege.example", "--resolver", dns.address], { cwd });
  expect([again.code, again.err]).toEqual([
    64,
    "fencepost: site.yaml is there already. --force overwrites it, --output FILE writes another.\n",
  ]);
  const forced = await fencepost(["init", "ourcollege.example", "--resolver", dns.address, "--force", "--json"], {
    cwd,
  });
  expect(initSchema.parse(JSON.parse(forced.out)).file).toBe("site.yaml");
  const printed = await fencepost(
    ["init", "ourcollege.example", "--resolver", dns.address, "--output", "-", "--quiet"],
    { cwd },
  );
  expect([printed.out, printed.err]).toEqual([text, ""]);
  const examined = await fencepost(["doctor", "--resolver", dns.address, "--json"], { cwd });
  expect(examined.code).toBe(2);
  const lines = doctorSchema.parse(JSON.parse(examined.out)).lines;
  expect(lines.find(({ id }) => id === "site")?.says).toContain("1 mailer, 1 network, 1 domain");
  expect(lines.find(({ id }) => id === "store")?.state).toBe("ok");
});

test("a folder that cannot be written to, and DNS that does not answer, end with 69", async () => {
  await using dns = await startDns({ ...college, fail: ["MX other.example"] });
  const unwritable = await fencepost([
    "init",
    "ourcollege.example",
    "--resolver",
    dns.address,
    "--output",
    "missing/site.yaml",
  ]);
  expect([unwritable.code, unwritable.err]).toEqual([
    69,
    "fencepost: missing/site.yaml cannot be written (ENOENT). Choose another with --output FILE.\n",
  ]);
  const failed = await fencepost(["init", "other.example", "--resolver", dns.address]);
  expect(failed.code).toBe(69);
  const store = await fencepost(["history", "--store", "/dev/null/x.sqlite"]);
  expect(store.code).toBe(69);
});

test("history lists runs, shows one in every format, and tells what became of a target", async () => {
  const cwd = newFolder();
  const file = join(cwd, "store.sqlite");
  {
    await using store = await openStore(file, systemClock);
    for (const [id, results, ends] of [
      ["20261120T020000-aaaaaa", [closed], true],
      ["20261122T020000-bbbbbb", [open, suspect], true],
      ["20261123T020000-cccccc", [closed], false],
    ] as const) {
      await store.runs.begin({ id, tool: "check", profile: "quick", catalogue: 1 });
      for (const result of results) {
        const { address, port } = result.target;
        await store.runs.addTarget(id, {
          subject: `${address.includes(":") ? `[${address}]` : address}:${port}`,
          verdict: result.verdict,
          result: JSON.stringify(result),
          sent: [],
        });
      }
      const { results: _results, findings: _findings, ...summary } = documentWith(results);
      if (ends) await store.runs.end(id, summary.verdict, JSON.stringify(summary));
    }
  }
  const history = (...args: readonly string[]) => fencepost(["history", "--store", file, ...args], { cwd });
  const list = await history();
  expect([list.code, list.err]).toEqual([0, ""]);
  expect(list.out).toMatch(/cccccc +killed/);
  const listed = historySchema.parse(JSON.parse((await history("--json")).out));
  expect(listed.runs?.map(({ run, state, verdict, targets }) => [run.slice(-6), state, verdict, targets])).toEqual([
    ["cccccc", "killed", "inconclusive", 1],
    ["bbbbbb", "finished", "open", 2],
    ["aaaaaa", "finished", "closed", 1],
  ]);
  const shown = checkDocumentSchema.parse(JSON.parse((await history("bbbbbb", "--format", "json")).out));
  expect([shown.verdict, shown.results.length, shown.findings.length]).toEqual(["open", 2, 4]);
  expect((await history("20261122")).out).toContain("OPEN RELAY");
  expect((await history("bbbbbb", "--format", "jsonl")).out.trim().split("\n").length).toBe(3);
  expect((await history("bbbbbb", "--format", "html")).out).toContain("</html>");
  const nagios = await history("bbbbbb", "--format", "nagios");
  expect([nagios.code, nagios.out.slice(0, 14)]).toEqual([2, "RELAY CRITICAL"]);
  const killed = await history("latest");
  expect([killed.code, killed.out]).toEqual([0, expect.stringContaining("It was killed")]);
  const course = historySchema.parse(JSON.parse((await history("--target", "192.0.2.25", "--json")).out));
  expect([course.target, course.course?.map(({ verdict }) => verdict)]).toEqual([
    "192.0.2.25:25",
    ["closed", "open", "closed"],
  ]);
  expect((await history("--target", "192.0.2.25:25")).out).toContain("was closed.");
  expect((await history("2026")).err).toContain("is the name of 3 runs");
});
