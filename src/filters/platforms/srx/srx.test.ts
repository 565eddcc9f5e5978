import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { srx } from "./srx.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";

const zones = `
interfaces { ge-0/0/0 { unit 0 { family inet { address 203.0.113.2/30; } } } ge-0/0/1 { unit 0 { family inet { address 192.0.2.1/24; } } } }
applications {
    application odd { protocol tcp; destination-port 20-25; }
    application split { term t1 protocol tcp destination-port 25; term t2 { protocol udp; destination-port 53; } }
    application from-high { protocol tcp; source-port 1024-65535; destination-port smtp; }
    application-set mail { application junos-smtp; application-set deeper; }
    application-set deeper { application junos-imap; application-set mail; }
}
`;
const security = (policies: string, more = ""): string => `${zones}
security {
    address-book {
        global {
            address mx 192.0.2.25/32;
            address site { 192.0.2.0/24; }
            address hosts { range-address 192.0.2.5 { to { 192.0.2.9; } } }
            address named { dns-name mail.ourcollege.example; }
            address holes { wildcard-address 192.0.2.7/255.255.0.255; }
            address-set mailers { address mx; address-set mailers; }
            address-set broken { address gone; }
        }
        strangers { address lab 203.0.113.99/32; attach { zone untrust; } }
    }
    zones {
        security-zone untrust { interfaces { ge-0/0/0.0; } }
        security-zone trust { address-book { address site 192.0.2.128/25; } interfaces { ge-0/0/1.0 { host-inbound-traffic { system-services { all; } } } } }
        security-zone dmz;
    }
    policies { ${policies} }
    ${more}
}`;
const pair = (policy: string): string => security(`from-zone untrust to-zone trust { ${policy} }`);
const policy = (match: string, then = "permit;"): string =>
  `policy p { match { source-address any; ${match} } then { ${then} } }`;
const at = { at: "ge-0/0/0" } as const;

describe("policies", () => {
  for (const [text, packet, want] of [
    // Addresses by name: the zone's book, those attached to it, then the global one.
    [policy("destination-address mx; application junos-smtp;"), toMailer, "permit"],
    [policy("destination-address mx; application junos-smtp;"), toHost, "deny"],
    [policy("destination-address [ mailers hosts ]; application any;"), toHost, "permit"],
    [policy("destination-address site; application any;"), toHost, "deny"],
    [policy("destination-address site; application any;"), "tcp 203.0.113.99:40000 > 192.0.2.200:25", "permit"],
    [policy("destination-address holes; application any;"), "tcp 203.0.113.99:40000 > 192.0.77.7:25", "permit"],
    [policy("destination-address any-ipv4; application any;"), toHost, "permit"],
    [policy("destination-address any-ipv6; application any;"), toHost, "deny"],
    [policy("destination-address named; application any;"), toHost, "unknown"],
    [policy("destination-address gone; application any;"), toHost, "unknown"],
    [policy("destination-address broken; application any;"), toHost, "unknown"],
    [policy("destination-address mailers; destination-address-excluded; application any;"), toHost, "permit"],
    [policy("destination-address mailers; destination-address-excluded; application any;"), toMailer, "deny"],
    [
      "policy p { match { source-address lab; destination-address any; application any; } then { permit; } }",
      toHost,
      "permit",
    ],
    [
      "policy p { match { source-address site; destination-address any; application any; } then { permit; } }",
      toHost,
      "deny",
    ],
    // Applications, sets of them, and those of the system.
    [policy("destination-address any; application odd;"), toHost, "permit"],
    [policy("destination-address any; application split;"), toHost, "permit"],
    [policy("destination-address any; application split;"), "udp 203.0.113.99:40000 > 192.0.2.7:53", "permit"],
    [policy("destination-address any; application split;"), "udp 203.0.113.99:40000 > 192.0.2.7:25", "deny"],
    [policy("destination-address any; application from-high;"), "tcp 203.0.113.99:25 > 192.0.2.7:25", "deny"],
    [policy("destination-address any; application mail;"), toHost, "permit"],
    [policy("destination-address any; application [ junos-http junos-smtps ];"), toHost, "deny"],
    [policy("destination-address any; application junos-mail;"), toHost, "permit"],
    [policy("destination-address any; application junos-tcp-any;"), toHost, "permit"],
    [policy("destination-address any; application junos-madeup;"), toHost, "unknown"],
    // What the model does not hold.
    [policy("destination-address any; application any; dynamic-application junos:SMTP;"), toHost, "unknown"],
    [
      policy("destination-address any; application any; dynamic-application any; source-identity any;"),
      toHost,
      "permit",
    ],
    [policy("destination-address any; application any; source-identity staff;"), toHost, "unknown"],
    [policy("destination-address any; application any; frobnicate x;"), toHost, "unknown"],
    [
      policy("destination-address any; application any;", "permit { firewall-authentication { pass-through; } }"),
      toHost,
      "unknown",
    ],
    [policy("destination-address any; application any;", "permit { application-services { idp; } }"), toHost, "permit"],
    [policy("destination-address any; application any;", "count;"), toHost, "unknown"],
    [policy("application any;"), toHost, "unknown"],
    // First match; what is inactive is not there; schedulers hold at their times.
    [
      `${policy("destination-address mx; application any;", "deny;")} policy q { match { source-address any; destination-address any; application any; } then { permit; } }`,
      toMailer,
      "deny",
    ],
    [
      `inactive: ${policy("destination-address mx; application any;", "reject;")} policy q { match { source-address any; destination-address any; application any; } then { permit; } }`,
      toMailer,
      "permit",
    ],
    [
      "policy p { match { source-address any; destination-address any; application any; } then { permit; } scheduler-name night; }",
      toHost,
      "unknown",
    ],
  ] as const)
    test(`${text} :: ${packet}`, () => expect(ask(srx, pair(text), packet, at).action).toBe(want));

  test("pairs of zones, then global policies, then the default", () => {
    const any = "match { source-address any; destination-address any; application any; }";
    const global =
      security(`from-zone untrust to-zone trust { policy no { match { source-address any; destination-address mx; application any; } then { deny; } } }
      global { policy g { match { from-zone untrust; to-zone [ trust dmz ]; source-address any; destination-address any; application junos-smtp; } then { permit; } } }
      from-zone trust to-zone untrust { policy out { ${any} then { permit; } } }`);
    expect(ask(srx, global, toHost, at)).toMatchObject({ action: "permit", text: expect.stringContaining("global") });
    // To the dmz only the global policy speaks.
    expect(ask(srx, global, toMailer, at)).toMatchObject({ action: "permit", why: expect.stringContaining("dmz") });
    expect(ask(srx, global, "tcp 203.0.113.99:40000 > 192.0.2.7:80", at)).toMatchObject({
      action: "deny",
      text: "default-policy deny-all",
    });
    expect(ask(srx, global, "tcp 192.0.2.7:40000 > 203.0.113.99:25", { ...at, direction: "out" }).action).toBe(
      "permit",
    );
    const open = security(
      `from-zone trust to-zone untrust { policy out { ${any} then { deny; } } } default-policy { permit-all; }`,
    );
    expect(ask(srx, open, toHost, at)).toMatchObject({ action: "permit", text: expect.stringContaining("permit-all") });
    expect(ask(srx, open, `${toHost} ack`, at).action).toBe("permit");
  });

  test("packets of open sessions are not asked about", () => {
    expect(
      ask(srx, pair(policy("destination-address any; application any;", "deny;")), `${toHost} established`, at).action,
    ).toBe("permit");
  });

  test("the set form with insert", () => {
    const lines = [
      "set security zones security-zone untrust interfaces ge-0/0/0.0",
      "set security zones security-zone trust interfaces ge-0/0/1.0",
      "set security policies from-zone untrust to-zone trust policy all match source-address any destination-address any application any",
      "set security policies from-zone untrust to-zone trust policy all then permit",
      "set security policies from-zone untrust to-zone trust policy no match source-address any",
      "set security policies from-zone untrust to-zone trust policy no match destination-address any",
      "set security policies from-zone untrust to-zone trust policy no match application junos-smtp",
      "set security policies from-zone untrust to-zone trust policy no then deny",
    ].map((line) =>
      line.replace("match source-address any destination-address any application any", "match source-address any"),
    );
    const text = [
      ...lines,
      "set security policies from-zone untrust to-zone trust policy all match destination-address any",
      "set security policies from-zone untrust to-zone trust policy all match application any",
    ].join("\n");
    expect(ask(srx, text, toHost, { at: "untrust" }).action).toBe("permit");
    const moved = `${text}\ninsert security policies from-zone untrust to-zone trust policy no before policy all`;
    expect(ask(srx, moved, toHost, { at: "untrust" }).action).toBe("deny");
    expect(ask(srx, moved, toHost, { list: "untrust to trust" }).action).toBe("deny");
  });

  test("a filter at the interface stands before the policies", () => {
    const open = pair(policy("destination-address any; application any;"));
    const filtered = `${open} firewall { family inet { filter F { term a { from { protocol tcp; destination-port 25; } then discard; } term b { then accept; } } } }
      interfaces { ge-0/0/0 { unit 0 { family inet { filter { input F; } } } } }`;
    expect(ask(srx, filtered, toHost, at)).toMatchObject({
      action: "deny",
      attachment: expect.stringContaining("filter F"),
    });
    // It has no state.
    expect(ask(srx, filtered, `${toHost} established`, at).action).toBe("deny");
  });

  test("packet mode takes packets past the policies", () => {
    const text = security(
      "default-policy { deny-all; }",
      "forwarding-options { family { inet6 { mode packet-based; } } }",
    );
    expect(ask(srx, text, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::1]:25", at)).toMatchObject({
      action: "permit",
      attachment: expect.stringContaining("no security policies"),
    });
    expect(ask(srx, text, toHost, at).action).toBe("deny");
    const dropped = text.replace("packet-based", "drop");
    expect(ask(srx, dropped, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::1]:25", at).action).toBe("deny");
  });

  test("interfaces and zones", () => {
    const reading = srx.read("f", pair(policy("destination-address any; application any;")));
    expect(reading.interfaces).toEqual(["untrust", "trust", "dmz"]);
    expect(["Untrust", "ge-0/0/0", "ge-0/0/1.0", "nowhere"].map((name) => reading.interfaceNamed(name))).toEqual([
      "untrust",
      "ge-0/0/0.0",
      "ge-0/0/1.0",
      null,
    ]);
    expect(reading.aliases("ge-0/0/0.0")).toEqual(["untrust"]);
    expect(reading.crossing(null, { family: 4, direction: "in" }).unknown).toContain("untrust, trust, dmz");
  });
});

describe("laws", () => {
  laws(srx, {
    brokenOff: "told",
    rollback: "reads",
    needed: /^set .* then permit$/,
    idle: /^#/,
    samples: [
      "set security zones security-zone untrust interfaces ge-0/0/0.0",
      "set security policies from-zone untrust to-zone trust policy p match source-address any",
      "set security policies from-zone untrust to-zone trust policy p match destination-address-excluded",
      "set security policies from-zone untrust to-zone trust policy p then permit",
      "set security policies global policy g match application junos-smtp",
      "set security address-book global address-set s address-set s",
      "set security address-book global address a range-address 192.0.2.1 to 192.0.2.9",
      "set applications application x term t protocol tcp destination-port 25",
      "insert security policies from-zone untrust to-zone trust policy p before policy q",
      "security { policies { default-policy { permit-all; } } }",
      "deactivate security policies from-zone untrust to-zone trust policy p",
    ],
    existing: {
      list: "untrust to trust",
      filledIn: (text) =>
        text.replace(
          /^# insert (.*) FIRST-POLICY$/gm,
          (_, line: string) => `insert ${line} ${line.includes("from-zone untrust") ? "bad" : "all"}`,
        ),
      text: [
        "set security zones security-zone untrust interfaces ge-0/0/0.0",
        "set security zones security-zone trust interfaces ge-0/0/1.0",
        "set security address-book global address bad 198.18.0.0/15",
        ...["bad any deny", "any junos-telnet reject", "any any permit"].flatMap((text) => {
          const [source = "", application = "", then = ""] = text.split(" ");
          const name = then === "permit" ? "all" : then === "deny" ? "bad" : "telnet";
          const start = `set security policies from-zone untrust to-zone trust policy ${name}`;
          return [
            `${start} match source-address ${source}`,
            `${start} match destination-address any`,
            `${start} match application ${application}`,
            `${start} then ${then}`,
          ];
        }),
        "set security policies from-zone trust to-zone untrust policy all match source-address any",
        "set security policies from-zone trust to-zone untrust policy all match destination-address any",
        "set security policies from-zone trust to-zone untrust policy all match application any",
        "set security policies from-zone trust to-zone untrust policy all then permit\n",
      ].join("\n"),
    },
  });
});
