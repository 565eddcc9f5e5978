import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { placeholdersIn, tokenPlaceholders } from "../knowledge/placeholders.ts";
import { type Probe, probeSchema, templatesOf } from "../knowledge/probe.ts";
import { type IpAddress, parseIp } from "../net/ip.ts";
import { expand, type Instance, type Selection } from "./expand.ts";
import { isTooLong, wireText } from "./render.ts";
import type { Surroundings } from "./surroundings.ts";

const folder = new URL("../../catalogue/", import.meta.url);
const read = loadCatalogue(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .map((path) => ({ path, text: readFileSync(new URL(path, folder), "utf8") })),
);
if (!read.ok) throw new Error("the catalogue does not load");
const { catalogue } = read;
const { probes } = catalogue;

const surroundings: Surroundings = {
  helo: "probe.tester.example",
  senderDomain: null,
  catchDomain: "catch.example",
  catcherAddress: ip("198.51.100.9"),
  catcherAddress6: ip("2001:db8:9::9"),
  catcherHost: "catcher.tester.example",
  localDomains: ["example.org"],
  localRecipient: "postmaster@example.org",
  targetHost: "mx1.example.org",
  bannerHost: "mail.example.org",
  rdns: [],
  address: ip("192.0.2.25"),
  address6: null,
  port: 25,
  role: "mx",
  insideAddresses: [],
  backupDomain: "backup.example",
  clientCertificate: true,
  keywords: new Map([
    ["PIPELINING", []],
    ["STARTTLS", []],
    ["DSN", []],
    ["CHUNKING", []],
    ["SMTPUTF8", []],
    ["XCLIENT", ["ADDR", "LOGIN"]],
    ["XFORWARD", []],
    ["AUTH", ["PLAIN", "LOGIN", "ANONYMOUS", "EXTERNAL", "XOAUTH2"]],
  ]),
};

/** A token that tells the instance, so that a mix-up shows. */
function issue(name: string, form: "long" | "short"): string {
  let number = 7n;
  for (const character of name) number = (number * 131n + BigInt(character.charCodeAt(0))) % (1n << 130n);
  const digits = number
    .toString(32)
    .replace(/[018-9]/g, (digit) => ({ "0": "w", "1": "x", "8": "y", "9": "z" })[digit] ?? "w");
  return digits.padStart(26, "a").slice(0, form === "long" ? 26 : 16);
}

function run(selection: Selection, over: Partial<Surroundings> = {}) {
  return expand({ probes, selection, surroundings: { ...surroundings, ...over }, issue });
}

function names(select: readonly string[], over: Partial<Surroundings> = {}): readonly string[] {
  return run({ select }, over).instances.map(({ name }) => name);
}

/** The last written path of the only instance. */
function rcpt(select: string, over: Partial<Surroundings> = {}): string | undefined {
  const { instances } = run({ select: [select] }, over);
  expect(instances.length, select).toBe(1);
  const step = instances[0]?.steps[instances[0].judged ?? -1];
  if (step === undefined || !("rcpt" in step)) return undefined;
  const text = typeof step.rcpt === "string" ? step.rcpt : step.rcpt.line;
  return text.replaceAll(instances[0]?.token ?? "?", "TOKEN");
}

for (const [select, want] of [
  // All passes and identities, the passes outside.
  [["rcpt-srcroute"], 3 * 7],
  [["rcpt-srcroute/loc"], 7],
  [["rcpt-srcroute/loc/literal"], 1],
  [["rcpt-srcroute/*/first"], 3],
  // A pass that the row does not list.
  [["plain-external/null"], 1],
  // Ways of writing.
  [["rcpt-forward-encoded"], 4],
  [["rcpt-forward-encoded/ext/first/2"], 1],
  [["rcpt-role-outside/ext/1"], 1],
  // A row without passes has its identity second.
  [["sender-local-service/local-domain"], 3],
  [["sender-local-service/first/3"], 1],
  // The same test under two names is one instance.
  [["plain-external/loc", "sender-local-random"], 1],
  [["plain-external", "plain-external/ext"], 1],
  // A control is never merged.
  [["plain-external", "ctl-repeat-plain"], 2],
] as const) {
  test(`${select.join(" ")} gives ${want}`, () => expect(names(select).length).toBe(want));
}

test("instances keep their order and are named after pass, identity and way of writing", () => {
  expect(names(["rcpt-quoted-at/loc", "sender-local-service", "helo-dot"])).toEqual([
    "rcpt-quoted-at/loc/local-domain",
    "rcpt-quoted-at/loc/target-host",
    "rcpt-quoted-at/loc/banner-host",
    "rcpt-quoted-at/loc/literal",
    "rcpt-quoted-at/loc/ip",
    "rcpt-quoted-at/loc/localhost",
    "rcpt-quoted-at/loc/loopback",
    "sender-local-service/local-domain/1",
    "sender-local-service/local-domain/2",
    "sender-local-service/local-domain/3",
    "helo-dot/ext",
  ]);
});

test("what is merged is still told", () => {
  const [one] = run({ select: ["plain-external/loc", "sender-local-random"] }).instances;
  expect(one).toMatchObject({ name: "plain-external/loc", also: ["sender-local-random/local-domain"] });
});

for (const [select, want] of [
  ["rcpt-pct-at/ext/literal", "<fp-TOKEN%catch.example@[192.0.2.25]>"],
  ["rcpt-pct-at/ext/ip", "<fp-TOKEN%catch.example@192.0.2.25>"],
  ["rcpt-pct-at/ext/host", "<fp-TOKEN%catch.example@mail.example.org>"],
  ["rcpt-srcroute-chain/ext/target-host", "<@mx1.example.org,@mail.example.org:fp-TOKEN@catch.example>"],
  ["rcpt-outside-hash-int/ext/1", "<fp-TOKEN@#3325256713>"],
  ["rcpt-outside-literal6/ext", "<fp-TOKEN@[IPv6:2001:db8:9::9]>"],
  ["rcpt-mxtrick-backup", "<fp-TOKEN@backup.example>"],
  // One character is one byte: \xC0 as it is, U+FF20 in UTF-8.
  ["rcpt-8bit-at/ext/local-domain/1", "<fp-TOKEN\xc0catch.example@example.org>"],
  ["rcpt-smtputf8-at/local-domain/1", "<fp-TOKEN\xef\xbc\xa0catch.example@example.org>"],
  ["rcpt-smtputf8-at/2", "<fp-TOKEN@catch\xe3\x80\x82example>"],
  ["rcpt-nul", "<fp-TOKEN@catch.example\0@example.org>"],
  ["smug-cmd-bare-lf", "RCPT TO:<postmaster@example.org>\nRCPT TO:<fp-TOKEN@catch.example>"],
] as const) {
  test(`${select} is written ${JSON.stringify(want)}`, () => expect(rcpt(select)).toBe(want));
}

for (const [select, want] of [
  // The catcher's literal stands in for the domain; its brackets are not doubled.
  ["plain-external", "<fp-TOKEN@[198.51.100.9]>"],
  ["rcpt-pct-at/ext/first", "<fp-TOKEN%[198.51.100.9]@example.org>"],
  // Where no literal can stand, the probe is not run.
  ["rcpt-prefix-domain", null],
  ["rcpt-trailing-dot", null],
  ["rcpt-role-outside/ext/1", null],
] as const) {
  test(`${select} without a catch domain is ${want ?? "not run"}`, () => {
    const over = { catchDomain: null, senderDomain: "sender.example" };
    if (want !== null) return expect(rcpt(select, over)).toBe(want);
    expect(run({ select: [select] }, over)).toMatchObject({
      instances: [],
      notRun: [{ reason: expect.stringMatching(/^needs a catch domain/) }],
    });
  });
}

test("an IPv6 target has tagged literals and no bare address", () => {
  const over = { address: ip("2001:db8:25::25"), localDomains: [], targetHost: null, bannerHost: null };
  expect(names(["rcpt-quoted-at/lit"], over)).toEqual([
    "rcpt-quoted-at/lit/literal",
    "rcpt-quoted-at/lit/localhost",
    "rcpt-quoted-at/lit/loopback",
  ]);
  expect(rcpt("rcpt-quoted-at/lit/literal", over)).toBe('<"fp-TOKEN@catch.example"@[IPv6:2001:db8:25::25]>');
  const [sender] = run({ select: ["sender-target-literal"] }, over).instances;
  expect(sender?.steps[1]).toEqual({ mail: `<fp-${sender?.token}@[IPv6:2001:db8:25::25]>` });
});

test("a PROXY header is bytes", () => {
  const [v2] = run({ select: ["proxy-v2-loopback"] }, { port: 587 }).instances;
  const bytes = Buffer.from("0d0a0d0a000d0a515549540a2111000c7f000001c00002199c40024b", "hex");
  expect(v2?.steps[0]).toEqual({ preface: { text: bytes.toString("latin1") } });
});

test("a made-up sender is of the domain that the recipient names", () => {
  const { instances } = run({ select: ["rcpt-pct-at/loc"] }, { localDomains: ["example.org", "example.net"] });
  const second = instances.find(({ name }) => name === "rcpt-pct-at/loc/local-domain-2");
  expect(second?.steps[1]).toEqual({ mail: `<fp-${second?.token}@example.net>` });
});

test("the judged recipient is the last that names the probe", () => {
  const judged = (select: string) => run({ select: [select] }).instances[0]?.judged;
  expect(judged("state-multi-local-first")).toBe(3);
  expect(judged("state-multi-external-first")).toBe(2);
  expect(judged("state-pipelined")).toBe(1);
  expect(judged("ctl-local-accept")).toBe(2);
  expect(judged("ctl-banner")).toBe(null);
});

test("an optional STARTTLS and its EHLO go where it is not offered", () => {
  const steps = (keywords: Surroundings["keywords"]) =>
    run({ select: ["auth-any-credential"] }, { keywords }).instances[0]?.steps.map((step) => Object.keys(step)[0]);
  const auth = ["AUTH", ["PLAIN"]] as const;
  expect(steps(new Map<string, readonly string[]>([auth, ["STARTTLS", []]]))).toEqual([
    "ehlo",
    "starttls",
    "ehlo",
    "auth",
    "mail",
    "rcpt",
  ]);
  expect(steps(new Map<string, readonly string[]>([auth]))).toEqual(["ehlo", "auth", "mail", "rcpt"]);
});

for (const [select, over, reason] of [
  ["no-such-probe", {}, 'no probe is called "no-such-probe"'],
  ["helo-dot/xyz", {}, '"xyz" is no pass of helo-dot: expected ext, loc, lit, host, null or *'],
  ["rcpt-pct-at/ext/moon", {}, 'the target has no name "moon"'],
  ["rcpt-pct-at/a/b/c/d", {}, /too many parts|no pass/],
  ["sender-local-random", { localDomains: [] }, "no local domain is known"],
  ["plain-external/loc", { localDomains: [] }, "no local domain is known"],
  ["sender-local-real", { localRecipient: null }, "no consenting local recipient is known"],
  ["sender-rdns", {}, "the target's address has no PTR name"],
  ["sender-rdns", { rdns: ["evil.example\r\nDATA"] }, "the target's address has no PTR name"],
  ["sender-target-literal6", {}, "no IPv6 address of the target is known"],
  ["helo-inside-literal/ext/inside/1", {}, "no IPv4 network of the site is known"],
  ["rcpt-mxtrick-backup", { backupDomain: null }, "no domain names the target as its second mail exchanger"],
  [
    "plain-external",
    { catchDomain: null, catcherAddress: null, catcherAddress6: null },
    "neither a catch domain nor an address of the catcher is known",
  ],
  ["state-pipelined", { keywords: new Map() }, "the server does not offer PIPELINING"],
  ["auth-login-any", { keywords: new Map([["AUTH", ["PLAIN"]]]) }, "the server does not offer AUTH LOGIN"],
  ["xclient-unadvertised", {}, "the server offers XCLIENT: other probes use it"],
  ["auth-none-submission", {}, "only for a submission port"],
  ["tls-clientcert-self", { clientCertificate: false }, "no client certificate was given"],
  [
    "sender-local-real",
    { localRecipient: "a\r\nb@example.org" },
    "the value of {local_rcpt} holds a control character",
  ],
] as const) {
  test(`${select} is not run: ${reason}`, () => {
    expect(run({ select: [select] }, over)).toMatchObject({
      instances: [],
      notRun: [
        { probe: select.split("/")[0], reason: typeof reason === "string" ? reason : expect.stringMatching(reason) },
      ],
    });
  });
}

test("a local-part above 64 octets takes the short token, and above that is not run", () => {
  const token = (catchDomain: string) =>
    run({ select: ["rcpt-srs0-forged/ext/first/1"] }, { catchDomain }).instances[0]?.token;
  expect(token("c.example")?.length).toBe(26);
  expect(token("catch.tester.example")?.length).toBe(26);
  expect(token("catcher.relay-tests.example")?.length).toBe(16);
  expect(run({ select: ["rcpt-srs0-forged/ext/first/1"] }, { catchDomain: `${"c".repeat(50)}.example` })).toMatchObject(
    {
      instances: [],
      notRun: [{ reason: "too-long" }],
    },
  );
});

test("a site with very many domains does not turn a row into a flood", () => {
  const localDomains = Array.from({ length: 100 }, (_, at) => `d${at}.example.org`);
  const { instances, notRun } = run({ select: ["sender-local-random"] }, { localDomains });
  expect([instances.length, notRun.length]).toEqual([64, 36]);
  expect(notRun[0]?.reason).toBe("more than 64 instances of one probe");
});

test("everything is neither control nor risky, in the order of the classes", () => {
  const { instances } = run({ all: true });
  const classes = [...new Set(instances.map(({ probe }) => probe.class))];
  expect(classes).toEqual("plain sender routing helo trust auth state transport smuggling backscatter".split(" "));
  expect(instances.some(({ probe }) => probe.safety === "risky")).toBe(false);
});

test("the older testers' lists have the size that they should", () => {
  const size = (id: string) => {
    const profile = catalogue.profiles.find((known) => known.id === id);
    if (profile === undefined) throw new Error(id);
    return run("all" in profile ? { all: true } : { select: profile.select }, { rdns: ["out.example.org"] }).instances
      .length;
  };
  expect(["nmap16", "abuse-net", "maps", "mailradar", "ms-q304897"].map(size)).toEqual([16, 17, 18, 20, 7]);
  expect(size("quick")).toBeGreaterThanOrEqual(40);
});

test("nmap16 is the sixteen pairs of nmap, in its order", () => {
  const profile = catalogue.profiles.find(({ id }) => id === "nmap16");
  const select = profile !== undefined && "select" in profile ? profile.select : [];
  const pairs = run({ select }).instances.map(({ steps, token }) => {
    const [, mail, to] = steps.map((step) => Object.values(step)[0] as string);
    return `${mail} ${to}`
      .replaceAll(`fp-${token}`, "x")
      .replaceAll("catch.example", "d")
      .replaceAll("mail.example.org", "h")
      .replaceAll("192.0.2.25", "i");
  });
  expect(pairs).toEqual([
    "<> <x@d>",
    "<x@d> <x@d>",
    "<x@h> <x@d>",
    "<x@[i]> <x@d>",
    "<x@[i]> <x%d@[i]>",
    "<x@[i]> <x%d@h>",
    '<x@[i]> <"x@d">',
    '<x@[i]> <"x%d">',
    "<x@[i]> <x@d@[i]>",
    '<x@[i]> <"x@d"@[i]>',
    "<x@[i]> <x@d@h>",
    "<x@[i]> <@[i]:x@d>",
    "<x@[i]> <@h:x@d>",
    "<x@[i]> <d!x>",
    "<x@[i]> <d!x@[i]>",
    "<x@[i]> <d!x@h>",
  ]);
});

const name = fc.constantFrom(
  "mx.example.org",
  "a.example",
  "MAIL.Example.net",
  "x--y.example.com",
  "evil.example\r\nQUIT",
  "",
  "-",
);
const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 0xffffffffn }).map((bits): IpAddress => ({ family: 4, bits })),
  fc.bigInt({ min: 1n << 100n, max: (1n << 128n) - 1n }).map((bits): IpAddress => ({ family: 6, bits })),
);
const maybe = <V>(value: fc.Arbitrary<V>) => fc.option(value, { nil: null });
const anySurroundings: fc.Arbitrary<Surroundings> = fc.record({
  helo: fc.constant("probe.tester.example"),
  senderDomain: maybe(fc.constantFrom("sender.example", "s.tester.example")),
  catchDomain: maybe(fc.constantFrom("c.example", "catch.tester.example", "catcher.of-a-long-name.tester.example")),
  catcherAddress: maybe(address.filter(({ family }) => family === 4)),
  catcherAddress6: maybe(address.filter(({ family }) => family === 6)),
  catcherHost: maybe(fc.constant("catcher.tester.example")),
  localDomains: fc.uniqueArray(fc.constantFrom("example.org", "example.net", "dept.example.org"), { maxLength: 3 }),
  localRecipient: maybe(fc.constant("postmaster@example.org")),
  targetHost: maybe(name),
  bannerHost: maybe(name),
  rdns: fc.array(name, { maxLength: 3 }),
  address,
  address6: maybe(address.filter(({ family }) => family === 6)),
  port: fc.constantFrom(25, 465, 587, 2525),
  role: fc.constantFrom("mx", "submission", "smarthost"),
  insideAddresses: fc.array(address, { maxLength: 3 }),
  backupDomain: maybe(fc.constant("backup.example")),
  clientCertificate: fc.boolean(),
  keywords: fc.subarray([...surroundings.keywords]).map((entries) => new Map(entries)),
});

/** Rows whose point is a bare CR or LF, or several lines. */
const meantLines = /^(smug-cmd|state-early|xclient|xforward|proxy|verb-bdat|starttls)/;

test("laws of every instance in any surroundings", () => {
  fc.assert(
    fc.property(anySurroundings, (over) => {
      const issued = new Map<string, string>();
      const { instances } = expand({
        probes,
        selection: { select: probes.map(({ id }) => id) },
        surroundings: over,
        issue: (name, form) => {
          expect(issued.has(name), name).toBe(false);
          const token = issue(name, form);
          issued.set(name, token);
          return token;
        },
      });
      for (const instance of instances) lawsOf(instance, over);
      expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
      const compared = instances.filter(({ probe }) => probe.judge !== "control");
      expect(new Set(compared.map(({ mask }) => mask)).size).toBe(compared.length);
    }),
    { numRuns: 25, seed: 25 },
  );
});

function lawsOf({ probe, name, steps, token, mask, judged, pass }: Instance, { helo }: Surroundings): void {
  const wire = wireText(steps);
  const templates = probe.steps.flatMap(templatesOf);
  const named = templates.flatMap(placeholdersIn).some((placeholder) => tokenPlaceholders.has(placeholder));
  if (named || (pass !== null && pass !== "null")) expect(wire.toLowerCase(), name).toContain(token);
  expect(wire, name).not.toMatch(/\{[A-Za-z][A-Za-z0-9_]*\}/);
  expect(wire, name).not.toMatch(/[^\u0000-\u00ff]/);
  expect(mask.toLowerCase(), name).not.toContain(token);
  expect(mask.length, name).toBe(wire.length);
  expect(isTooLong(steps, token), name).toBe(false);
  if (!meantLines.test(probe.id)) {
    for (const step of steps) {
      if ("mail" in step) expect(JSON.stringify(step.mail), name).not.toMatch(/\\[rn]/);
      if ("rcpt" in step) expect(JSON.stringify(step.rcpt), name).not.toMatch(/\\[rn]/);
      if ("ehlo" in step) expect(step.ehlo, name).not.toMatch(/[\r\n]/);
    }
  }
  if (judged === null)
    expect(
      templates.every((template) => template === "{helo}" || template.startsWith("EHLO")),
      name,
    ).toBe(true);
  else expect("rcpt" in (steps[judged] ?? {}) || "pipeline" in (steps[judged] ?? {}), name).toBe(true);
  expect(helo).toBe("probe.tester.example");
}

test("the same question has the same answer", () => {
  expect(run({ all: true })).toEqual(run({ all: true }));
});

test("it never throws, whatever a row says", () => {
  const template = fc.string({ maxLength: 40 }).map((text) => text.replace(/[{}]/g, ""));
  const step = fc.oneof(
    template.map((rcpt) => ({ rcpt })),
    fc.array(template, { minLength: 1, maxLength: 12 }).map((mail) => ({ mail })),
    template.map((hex) => ({ preface: { hex } })),
    fc.constantFrom(
      { rcpt: "{T}{T2}{pd}" },
      { mail: "{pass}" },
      { mail: "{nothing}" },
      { rcpt: "<{pl}@[{pd}]>" },
      { rset: true as const },
    ),
  );
  const row = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    passes: fc.subarray(["ext", "loc", "lit", "host", "null"]),
  });
  const base = probes[0];
  fc.assert(
    fc.property(row, anySurroundings, ({ steps, passes }, over) => {
      const probe = probeSchema.safeParse({ ...base, steps, passes });
      const rows: readonly Probe[] = probe.success ? [probe.data] : [];
      const { instances, notRun } = expand({
        probes: rows,
        selection: { select: rows.map(({ id }) => id) },
        surroundings: over,
        issue,
      });
      expect(instances.length + notRun.length).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 200, seed: 26 },
  );
});

function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (!address.ok) throw new Error(text);
  return address.value;
}
