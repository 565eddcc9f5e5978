import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { junos } from "./junos.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const toHost6 = "tcp [2001:db8:ffff::9]:40000 > [2001:db8:25::7]:25";

const lists = `
policy-options {
    prefix-list MAILERS { 192.0.2.25/32; 2001:db8:25::25/128; }
    prefix-list SITE { 192.0.2.0/24; 2001:db8:25::/48; }
    prefix-list NOBODY;
    prefix-list PEERS { apply-path "protocols bgp group <*> neighbor <*>"; }
}
protocols { bgp { group transit { neighbor 203.0.113.99; neighbor 2001:db8:ffff::9; } } }
`;
const attach = (name = "EDGE"): string => `
interfaces {
    ge-0/0/0 {
        description "to the ISP";
        unit 0 { family inet { filter { input ${name}; } address 203.0.113.2/30; } family inet6 { filter { input EDGE6; } } }
    }
    ge-0/0/1 { unit 0 { family inet { address 192.0.2.1/24; } } }
}
`;
/** A filter of these terms, with nothing behind them but the discard that no term says. */
const edge = (terms: string, terms6 = "term all { then accept; }"): string =>
  `${lists}\nfirewall { family inet { filter EDGE { ${terms} } } family inet6 { filter EDGE6 { ${terms6} } } }${attach()}`;

describe("terms", () => {
  for (const [terms, text, want] of [
    // Values of one statement are alternatives, statements hold together.
    ["term a { from { protocol tcp; destination-port [ 22 smtp 80 ]; } then accept; }", toMailer, "permit"],
    ["term a { from { protocol [ udp tcp ]; destination-port 20-25; } then accept; }", toMailer, "permit"],
    ["term a { from { protocol udp; destination-port 25; } then accept; }", toMailer, "deny"],
    ["term a { from { protocol tcp; destination-port ftp-smtp; } then accept; }", toMailer, "permit"],
    ["term a { from { protocol tcp; destination-port-except 25; } then accept; }", toMailer, "deny"],
    ["term a { from { protocol-except tcp; } then accept; }", toMailer, "deny"],
    // `port` is either one: it stops answers too.
    [
      "term a { from { protocol tcp; port 25; } then discard; } term b { then accept; }",
      "tcp 203.0.113.99:25 > 192.0.2.7:40000 ack",
      "deny",
    ],
    // Addresses: the longest match decides; what is in none does not match.
    ["term a { from { destination-address { 192.0.2.0/24; 192.0.2.25/32 except; } } then accept; }", toMailer, "deny"],
    ["term a { from { destination-address { 192.0.2.0/24; 192.0.2.25/32 except; } } then accept; }", toHost, "permit"],
    [
      "term a { from { destination-address { 192.0.2.0/24 except; 192.0.2.25/32; 0.0.0.0/0; } } then accept; }",
      toMailer,
      "permit",
    ],
    ["term a { from { destination-address { 192.0.2.0/24 except; } } then accept; }", toMailer, "deny"],
    ["term a { from { source-address { 192.0.2.0/24 except; } } then accept; }", toMailer, "unknown"],
    ["term a { from { destination-prefix-list { SITE; MAILERS except; } } then accept; }", toMailer, "deny"],
    ["term a { from { destination-prefix-list { SITE; MAILERS except; } } then accept; }", toHost, "permit"],
    ["term a { from { destination-prefix-list MAILERS; } then accept; }", toHost, "deny"],
    ["term a { from { destination-prefix-list NOBODY; } then accept; }", toHost, "deny"],
    ["term a { from { destination-prefix-list MISSING; } then accept; }", toHost, "unknown"],
    ["term a { from { source-prefix-list PEERS; } then accept; }", toHost, "permit"],
    ["term a { from { destination-address 192.0.2.1/24; } then accept; }", toHost, "permit"],
    ["term a { from { destination-address 192.0.2.0/255.255.255.0; } then accept; }", toHost, "permit"],
    ["term a { from { destination-address 0.0.0.25/0.0.0.255; } then accept; }", toMailer, "permit"],
    ["term a { from { destination-address 0.0.0.25/0.0.0.255; } then accept; }", toHost, "deny"],
    ["term a { from { address 192.0.2.25/32; } then accept; }", toMailer, "permit"],
    ["term a { from { address 203.0.113.99/32; } then accept; }", toMailer, "permit"],
    // What is written last in a term, and what a term without an action does.
    ["term a { from { protocol tcp; } then count tcp; } term b { then discard; }", toHost, "permit"],
    ["term a { from { protocol tcp; } then { policer P; } }", toHost, "permit"],
    ["term a { from { protocol tcp; } }", toHost, "permit"],
    ["term a { from { protocol tcp; } then { log; next term; } } term b { then { reject; } }", toHost, "deny"],
    ["term a { then { reject tcp-reset; } }", toHost, "deny"],
    ["term a { then { routing-instance CLEAN; } }", toHost, "permit"],
    ["term a { then { frobnicate; } } term b { then accept; }", toHost, "unknown"],
    ["term a { from { frobnicate 7; } then accept; } ", toHost, "unknown"],
    ["frobnicate; term a { then accept; }", toHost, "unknown"],
    // What the model does not hold.
    ["term a { from { dscp ef; } then accept; }", toHost, "unknown"],
    ["term a { from { ttl 255; } then discard; } term b { then discard; }", toHost, "deny"],
    // Inactive statements are not there.
    ["inactive: term a { then discard; } term b { then accept; }", toHost, "permit"],
    ["term a { from { inactive: protocol udp; } then accept; }", toHost, "permit"],
    ["term a { from { protocol tcp; } inactive: then discard; }", toHost, "permit"],
    // Fragments and flags.
    ["term a { from { protocol tcp; destination-port 25; } then accept; }", `${toHost} fragment`, "deny"],
    ["term a { from { is-fragment; } then accept; }", `${toHost} fragment`, "permit"],
    ["term a { from { is-fragment; } then accept; }", toHost, "deny"],
    ["term a { from { fragment-offset 1-8191; } then accept; }", `${toHost} fragment`, "permit"],
    ["term a { from { protocol tcp; tcp-established; } then accept; }", toHost, "deny"],
    ["term a { from { protocol tcp; tcp-established; } then accept; }", `${toHost} ack`, "permit"],
    ["term a { from { protocol tcp; tcp-initial; } then discard; } term b { then accept; }", toHost, "deny"],
    ['term a { from { protocol tcp; tcp-flags "(ack & !syn) | rst"; } then accept; }', `${toHost} ack`, "permit"],
    ['term a { from { protocol tcp; tcp-flags "syn & !ack"; } then discard; } term b { then accept; }', toHost, "deny"],
    ['term a { from { protocol tcp; tcp-flags "!(syn & ack)"; } then accept; }', `${toHost} syn ack`, "deny"],
    ['term a { from { protocol tcp; tcp-flags "!(syn | ack)"; } then accept; }', `${toHost} fin`, "permit"],
    ['term a { from { protocol tcp; tcp-flags "syn &&"; } then accept; }', toHost, "unknown"],
    [
      "term a { from { protocol icmp; icmp-type [ echo-request unreachable ]; } then accept; }",
      "icmp 203.0.113.99 > 192.0.2.7:2048",
      "permit",
    ],
    [
      "term a { from { protocol icmp; icmp-type unreachable; icmp-code fragmentation-needed; } then accept; }",
      "icmp 203.0.113.99 > 192.0.2.7:772",
      "permit",
    ],
    [
      "term a { from { protocol icmp; icmp-type-except echo-request; } then accept; }",
      "icmp 203.0.113.99 > 192.0.2.7:2048",
      "deny",
    ],
    // Ports without a protocol are any protocol's bytes.
    ["term a { from { destination-port 25; } then discard; } term b { then accept; }", toHost, "deny"],
    [
      "term a { from { destination-port 25; } then discard; } term b { then accept; }",
      "47 203.0.113.99:1 > 192.0.2.7:25",
      "unknown",
    ],
  ] as const)
    test(`${terms} :: ${text}`, () => expect(ask(junos, edge(terms), text, { at: "ge-0/0/0" }).action).toBe(want));

  test("IPv6: the first header, or the last one", () => {
    const first = "term a { from { next-header tcp; destination-port 25; } then discard; } term b { then accept; }";
    const last = first.replace("next-header", "payload-protocol");
    const all = "term a { then accept; }";
    expect(ask(junos, edge(all, first), toHost6, { at: "ge-0/0/0" }).action).toBe("deny");
    expect(ask(junos, edge(all, first), `${toHost6} extended`, { at: "ge-0/0/0" }).action).toBe("permit");
    expect(ask(junos, edge(all, last), `${toHost6} extended`, { at: "ge-0/0/0" }).action).toBe("deny");
    const bogons = "term a { from { source-address { ::ffff:0:0/96; } } then discard; } term b { then accept; }";
    expect(ask(junos, edge(all, bogons), toHost6, { at: "ge-0/0/0" }).action).toBe("permit");
  });

  test("the line that decides is named", () => {
    const answer = ask(junos, `${edge("\nterm no {\n then discard;\n }\n")}`, toHost, { at: "ge-0/0/0" });
    expect([answer.text, answer.action]).toEqual(["term no {", "deny"]);
    expect(ask(junos, edge("term udp { from { protocol udp; } then accept; }"), toHost, { at: "ge-0/0/0" }).text).toBe(
      "implicit discard at the end of filter EDGE",
    );
  });
});

describe("filters and where they stand", () => {
  const set = (text: string, at = "ge-0/0/0", direction: "in" | "out" = "in", packet: string = toHost) =>
    ask(junos, text, packet, { at, direction });

  test("the set form says the same, and changes what was said", () => {
    const base = [
      "set version 21.4R1",
      "set firewall family inet filter F term a from protocol tcp",
      "set firewall family inet filter F term a from destination-port 25",
      "set firewall family inet filter F term a then discard",
      "set firewall family inet filter F term b then accept",
      "set interfaces ge-0/0/0 unit 0 family inet filter input F",
    ].join("\n");
    expect(set(base).action).toBe("deny");
    expect(set(`${base}\ninsert firewall family inet filter F term b before term a`).action).toBe("permit");
    expect(set(`${base}\ndeactivate firewall family inet filter F term a`).action).toBe("permit");
    expect(
      set(`${base}\ndeactivate firewall family inet filter F term a\nactivate firewall family inet filter F term a`)
        .action,
    ).toBe("deny");
    expect(set(`${base}\ndelete firewall family inet filter F term a`).action).toBe("permit");
    expect(set(`${base}\ndeactivate interfaces ge-0/0/0 unit 0 family inet filter input`).attachment).toMatch(
      /^no IPv4/,
    );
    // The last value of a statement with one value holds.
    expect(
      set(
        `${base}\nset firewall family inet filter OPEN term t then accept\nset interfaces ge-0/0/0 unit 0 family inet filter input OPEN`,
      ).action,
    ).toBe("permit");
    expect(set(`${base}\nrename firewall family inet filter F to filter G`).action).toBe("unknown");
    expect(set(`user@border# ${base.replaceAll("\n", "\nuser@border# ")}`).action).toBe("deny");
    expect(
      set(
        `[edit firewall]\n${base}\nedit firewall family inet filter F\nset term 0 then accept\ninsert term 0 before term a\ntop`,
      ).action,
    ).toBe("permit");
  });

  test("a filter without a family is one of inet", () => {
    expect(
      set("set firewall filter F term a then accept\nset interfaces ge-0/0/0 unit 0 family inet filter input F").action,
    ).toBe("permit");
  });

  test("lists of filters are one, with one discard at the end", () => {
    const text = `firewall { family inet {
      filter A { term a { from { protocol tcp; destination-port 25; destination-address 192.0.2.7/32; } then discard; } }
      filter B { term b { then accept; } }
    } }
    interfaces { xe-1/0/0 { unit 10 { family inet { filter { input-list [ A B ]; output-list [ A ]; } } } } }`;
    expect(set(text, "xe-1/0/0.10").action).toBe("deny");
    expect(set(text, "xe-1/0/0.10", "in", toMailer).action).toBe("permit");
    expect(set(text, "xe-1/0/0.10", "out", toMailer)).toMatchObject({
      action: "deny",
      text: expect.stringContaining("list of filters"),
    });
    expect(set(text.replace("input-list [ A B ];", "input-list [ A B ]; input B;"), "xe-1/0/0").action).toBe("permit");
    expect(set(text.replace("[ A B ]", "[ A GONE ]"), "xe-1/0/0.10", "in", toMailer).action).toBe("unknown");
  });

  test("a filter in a filter goes on behind it", () => {
    const text = `firewall { family inet {
      filter INNER { term a { from { protocol tcp; destination-port 25; } then discard; } }
      filter EDGE { term in { filter INNER; } term rest { then accept; } }
    } }${attach()}`;
    expect(set(text).action).toBe("deny");
    expect(set(text, "ge-0/0/0", "in", "tcp 203.0.113.99:40000 > 192.0.2.7:80").action).toBe("permit");
    expect(set(text.replace("filter INNER;", "filter GONE;")).action).toBe("unknown");
    expect(set(text.replace("term a {", "term x { filter EDGE; } term a {")).action).toBe("unknown");
  });

  test("groups, with wildcards, and what is written itself wins", () => {
    const text = `groups {
      edge { interfaces { <ge-*> { unit <*> { family inet { filter { input EDGE; } } } } } }
      tail { firewall { family inet { filter <*> { term last { then discard; } } } } }
    }
    apply-groups [ edge tail ];
    firewall { family inet {
      filter EDGE { term a { from { destination-address 192.0.2.25/32; } then accept; } }
      filter OWN { term a { from { protocol udp; } then accept; } }
    } }
    interfaces { ge-0/0/0 { unit 0 { family inet; } } xe-0/0/1 { unit 0 { family inet; } } ge-0/0/2 { unit 0 { family inet { filter { input OWN; } } } } }`;
    expect(set(text, "ge-0/0/0", "in", toMailer).action).toBe("permit");
    expect(set(text)).toMatchObject({ action: "deny", text: expect.stringContaining("term last") });
    expect(set(text, "xe-0/0/1").attachment).toMatch(/^no IPv4 filter/);
    expect(set(text, "ge-0/0/2").attachment).toContain("filter OWN");
    expect(set(text.replace("[ edge tail ]", "[ edge tail gone ]")).action).toBe("deny");
    const except = text.replace("ge-0/0/0 { unit", "ge-0/0/0 { apply-groups-except edge; unit");
    expect(set(except).attachment).toMatch(/^no IPv4 filter/);
  });

  test("ranges of interfaces", () => {
    const text = `interfaces { interface-range up { member-range ge-0/0/0 to ge-0/0/3; member xe-0/0/[0-1]; unit 0 { family inet { filter { input EDGE; } } } }
      xe-0/0/1 { mtu 9000; } ge-0/0/2 { unit 0 { family inet { filter { input OTHER; } } } } }
    firewall { family inet { filter EDGE { term a { then discard; } } filter OTHER { term a { then accept; } } } }`;
    expect(set(text, "ge-0/0/3").action).toBe("deny");
    expect(set(text, "xe-0/0/1").action).toBe("deny");
    expect(set(text, "ge-0/0/2").action).toBe("permit");
  });

  test("the forwarding table has a filter for all interfaces", () => {
    const text = `${edge("term a { then accept; }")} forwarding-options { family inet { filter { input ALL; } } }
    firewall { family inet { filter ALL { term a { from { protocol tcp; destination-port 25; } then discard; } term b { then accept; } } } }`;
    expect(set(text)).toMatchObject({ action: "deny", attachment: expect.stringContaining("forwarding table") });
    expect(set(text, "ge-0/0/0", "out").action).toBe("deny");
  });

  test("an SRX's policies are pointed to", () => {
    const text = `${edge("term a { then accept; }")} security { policies { default-policy { permit-all; } } }`;
    expect(set(text).attachment).toContain("take the platform srx");
  });

  test("what is not known is said", () => {
    expect(set(edge("term a { then accept; }").replace("input EDGE;", "input GONE;")).action).toBe("unknown");
    expect(
      set(
        edge("term a { then accept; }").replace("ge-0/0/1 {", "ge-0/0/0 { unit 5 { family inet; } } ge-0/0/1 {"),
        "ge-0/0/9",
      ).action,
    ).toBe("unknown");
    const switched = "set interfaces ge-0/0/0 unit 0 family ethernet-switching filter input L2";
    expect(set(switched).action).toBe("unknown");
    const truncated = edge("term a { then accept; }").slice(0, -3);
    expect(junos.read("f", truncated).troubles).toHaveLength(1);
    expect(junos.read("f", "firewall { family inet { filter F { term a { then accept } } } }").troubles).toHaveLength(
      1,
    );
    const replaced = edge("term a { then accept; }\n} replace: filter EDGE { term b { then discard; }");
    expect(set(replaced).action).toBe("deny");
    const deleted = edge("term a { then accept; } delete: term a; term b { then discard; }");
    expect(set(deleted).action).toBe("deny");
  });

  test("names are forgiven, and the only filtered interface is found", () => {
    const reading = junos.read("f", edge("term a { then accept; }"));
    expect(["ge-0/0/0", "GE-0/0/0.0", "ge-0/0/1.0", "xe-9/9/9"].map((name) => reading.interfaceNamed(name))).toEqual([
      "ge-0/0/0.0",
      "ge-0/0/0.0",
      "ge-0/0/1.0",
      null,
    ]);
    expect(reading.crossing(null, { family: 4, direction: "in" }).attachment).toBe("filter EDGE on ge-0/0/0.0, in");
    expect(reading.list("EDGE", { family: 6, direction: "in" })).toBeNull();
    expect(reading.lists).toEqual(["EDGE", "EDGE6"]);
  });
});

describe("laws", () => {
  laws(junos, {
    brokenOff: "told",
    rollback: "reads",
    needed: /^\s*discard;/,
    idle: /^#/,
    samples: [
      "set firewall family inet filter F term a from destination-prefix-list SITE",
      "set firewall family inet filter F term a from source-address 192.0.2.0/24 except",
      "set policy-options prefix-list SITE 192.0.2.0/24",
      "set interfaces ge-0/0/0 unit 0 family inet filter input F",
      "set interfaces ge-0/0/0 unit 0 family inet filter input-list [ F G ]",
      "insert firewall family inet filter F term b before term a",
      "firewall { family inet6 { filter G { term x { from { next-header tcp; } then { discard; } } } } }",
      "set apply-groups G",
      "set groups G interfaces <*> unit <*> family inet filter output F",
      'set firewall family inet filter F term c from tcp-flags "syn & (!ack | rst)"',
      "interfaces { interface-range r { member ge-*; unit 0; } }",
    ],
    existing: {
      list: "EDGE",
      text: `firewall { family inet { filter EDGE { term bogon { from { source-address 198.18.0.0/15; } then discard; }
        term web { from { protocol tcp; destination-port 23; } then discard; } term rest { then accept; } } }
        family inet6 { filter EDGE { term rest { then accept; } } } }
      interfaces { ge-0/0/0 { unit 0 { family inet { filter { input EDGE; } } family inet6 { filter { input EDGE; } } } } }\n`,
    },
  });
});
