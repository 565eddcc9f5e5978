import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { pf } from "./pf.ts";

const toMailer = "tcp 203.0.113.9:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.9:40000 > 192.0.2.7:25";
const six = "tcp [2001:db8:f::9]:40000 > [2001:db8:25::25]:25";

describe("one rule behind block all", () => {
  for (const [rule, text, want] of [
    ["pass in proto tcp to port 25", toMailer, "permit"],
    ["pass in on em0 inet proto tcp from any to 192.0.2.25 port = smtp flags S/SA keep state", toMailer, "permit"],
    ["pass in proto tcp from any to any port { 22 25 587 }", toMailer, "permit"],
    ["pass in proto tcp to port { ssh, smtp }", toMailer, "permit"],
    ["pass in proto tcp to port 20:30", toMailer, "permit"],
    ["pass in proto tcp to port 24 >< 26", toMailer, "permit"],
    ["pass in proto tcp to port 25 >< 26", toMailer, "deny"],
    ["pass in proto tcp to port 20 <> 30", toMailer, "deny"],
    ["pass in proto tcp to port != 25", toMailer, "deny"],
    ["pass in proto tcp to port > 1023", toMailer, "deny"],
    ["pass in proto tcp from port >= 1024 to port <= 25", toMailer, "permit"],
    ["pass in proto udp to port 25", toMailer, "deny"],
    ["pass in proto { tcp udp } to port 25", toMailer, "permit"],
    ["pass in inet proto tcp to port 25", six, "deny"],
    ["pass in inet6 proto tcp to port 25", six, "permit"],
    ["pass in proto tcp to 192.0.2.0/24 port 25", six, "deny"],
    ["pass in proto tcp to { 192.0.2.25, 2001:db8:25::25 } port 25", six, "permit"],
    ["pass in proto tcp to ! 192.0.2.25 port 25", toMailer, "deny"],
    ["pass in proto tcp to ! 192.0.2.25 port 25", toHost, "permit"],
    // A list of negations is one rule each, so everything fits one of them.
    ["pass in proto tcp to { !192.0.2.25, !192.0.2.26 } port 25", toMailer, "permit"],
    ["pass in proto tcp to 192.0.2.20 - 192.0.2.30 port 25", toMailer, "permit"],
    ["pass in proto tcp to 192.0.2/24 port 25", toMailer, "permit"],
    ["pass in proto tcp to <mailers> port 25", toMailer, "permit"],
    ["pass in proto tcp to ! <mailers> port 25", toHost, "permit"],
    ["pass in proto tcp to <site> port 25", toMailer, "deny"],
    ["pass in proto tcp to <site> port 25", toHost, "permit"],
    ["pass in proto tcp to <elsewhere> port 25", toMailer, "unknown"],
    ["pass in proto tcp to <nowhere> port 25", toMailer, "unknown"],
    ["pass in proto tcp to (em0) port 25", toMailer, "unknown"],
    ["pass in proto tcp to self port 25", toMailer, "unknown"],
    ["pass in on em0 proto tcp to port 25", toMailer, "permit"],
    ["pass in on em proto tcp to port 25", toMailer, "permit"],
    ["pass in on ! em0 proto tcp to port 25", toMailer, "deny"],
    ["pass in on egress proto tcp to port 25", toMailer, "permit"],
    ["pass out proto tcp to port 25", toMailer, "deny"],
    ["pass proto tcp to port 25", toMailer, "permit"],
    ["pass in all", toMailer, "permit"],
    // State: what is in the middle of a session that nobody let in does not match.
    ["pass in proto tcp to port 25", `${toMailer} syn ack`, "permit"],
    ["pass in proto tcp to port 25 no state", toMailer, "permit"],
    ["pass in proto tcp to port 25 flags any no state", `${toMailer} ack`, "permit"],
    ["pass in proto tcp to port 25 flags S/SA no state", "tcp 203.0.113.9:4 > 192.0.2.7:25 rst", "deny"],
    ["pass in inet proto icmp icmp-type echoreq", "icmp 203.0.113.9 > 192.0.2.7:2048", "permit"],
    [
      "pass in inet proto icmp icmp-type { echoreq, unreach code needfrag }",
      "icmp 203.0.113.9 > 192.0.2.7:2048",
      "permit",
    ],
    ["pass in inet6 proto icmp6 icmp6-type 2", "icmp6 [2001:db8:f::9] > [2001:db8:25::1]:512", "permit"],
    ["pass in fragment", toMailer, "deny"],
    ["pass in fragment", `${toMailer} fragment`, "permit"],
    ["pass in proto tcp to port 25", `${toMailer} fragment`, "deny"],
    // What the model does not hold.
    ["pass in proto tcp to port 25 keep state (max-src-conn 10, overload <bad> flush)", toMailer, "unknown"],
    ["pass in proto tcp to port 25 keep state (if-bound)", toMailer, "permit"],
    ["pass in proto tcp from any os OpenBSD to port 25", toMailer, "unknown"],
    ["pass in proto tcp to port 25 user root", toMailer, "unknown"],
    ["pass in proto tcp to port 25 probability 50%", toMailer, "unknown"],
    ["pass in proto tcp to port 25 tagged MAIL", toMailer, "unknown"],
    [
      'pass in log (all, to pflog1) quick proto tcp to port 25 label "a pass" tag MAIL queue (mail, ack) set prio 5 rtable 2',
      toMailer,
      "permit",
    ],
    ["pass in proto tcp to port 25 rdr-to 10.0.0.25", toMailer, "permit"],
    ["pass in proto tcp to port 25 divert-to 127.0.0.1 port 8025", toMailer, "unknown"],
    ["block in quick from <bad>", "tcp 203.0.113.9:40000 > 192.0.2.7:80", "deny"],
    ["block in quick from urpf-failed", toMailer, "deny"],
    ["block in quick from { no-route urpf-failed } to any", toMailer, "deny"],
    ["antispoof quick for em0", toMailer, "deny"],
    ["match in all scrub (no-df max-mss 1440)", toMailer, "deny"],
    // What is not understood is not guessed.
    ["pass in proto tcp to port 25 frobnicate", toMailer, "unknown"],
    ["pass in proto udp to port 25 frobnicate", toMailer, "deny"],
    ["pass in proto tcp to port madeup", toMailer, "unknown"],
    ["pass in proto tcp to $NOTHING port 25", toMailer, "unknown"],
    ["pass in to port 25", toMailer, "unknown"],
    ["frobnicate", toMailer, "unknown"],
    ['include "/etc/more.conf"', toMailer, "unknown"],
  ] as const)
    test(`${rule}: ${text} ${want}`, () => {
      const config = `table <mailers> { 192.0.2.25 2001:db8:25::25 }\ntable <site> const { 192.0.2.0/24, !192.0.2.25 }\ntable <elsewhere> persist file "/etc/mailers"\ntable <bad> persist\nblock all\n${rule}\n`;
      expect(ask(pf, config, text, { at: "em0" }).action).toBe(want);
    });
});

describe("order", () => {
  test("the last rule that matches decides, and a quick one at once", () => {
    const rules =
      "pass in all\nblock in proto tcp to port 25\npass in quick proto tcp to 192.0.2.25 port 25\nblock in proto tcp to 192.0.2.25\n";
    expect(ask(pf, rules, toMailer)).toMatchObject({ action: "permit", line: 3 });
    expect(ask(pf, rules, toHost)).toMatchObject({ action: "deny", line: 2 });
    expect(ask(pf, rules, "tcp 203.0.113.9:40000 > 192.0.2.25:80")).toMatchObject({ action: "deny", line: 4 });
  });

  test("without rules everything passes", () => {
    expect(ask(pf, "# nothing\nset skip on lo\n", toMailer)).toMatchObject({ action: "permit", line: null });
    expect(ask(pf, "block in quick proto tcp to port 25\n", "tcp 203.0.113.9:1 > 192.0.2.7:80").action).toBe("permit");
  });

  test("an interface that is skipped is not filtered", () => {
    expect(ask(pf, "set skip on { lo em0 }\nblock all\n", toMailer, { at: "em0" }).action).toBe("permit");
    expect(ask(pf, "set skip on { lo em1 }\nblock all\n", toMailer, { at: "em0" }).action).toBe("deny");
  });

  test("anchors: their rules stand where they do", () => {
    const anchor = (body: string, head = "") =>
      `block all\nanchor "smtp" ${head} {\n${body}\n}\nblock in proto tcp to 192.0.2.7\n`;
    expect(ask(pf, anchor("  pass in proto tcp to port 25"), toMailer)).toMatchObject({ action: "permit", line: 3 });
    expect(ask(pf, anchor("  pass in proto tcp to port 25"), toHost)).toMatchObject({ action: "deny", line: 5 });
    expect(ask(pf, anchor("  pass in quick proto tcp to port 25"), toHost)).toMatchObject({
      action: "permit",
      line: 3,
    });
    expect(ask(pf, anchor("  pass proto tcp to port 25", "out"), toMailer).action).toBe("deny");
    expect(ask(pf, anchor("  pass in proto tcp to port 25", "proto udp"), toMailer).action).toBe("deny");
    expect(ask(pf, anchor("  anchor {\n   pass in proto tcp to port 25\n  }"), toMailer)).toMatchObject({
      action: "permit",
      line: 4,
    });
    const quick = 'block all\nanchor quick "smtp" {\n pass in proto tcp to port 25\n}\nblock in quick\n';
    expect(ask(pf, quick, toMailer)).toMatchObject({ action: "permit", line: 3 });
  });

  test("an anchor without rules is empty, unless it is loaded", () => {
    const answer = ask(pf, 'block all\nanchor "f2b/*"\npass in proto tcp to port 25\n', toMailer);
    expect(answer.action).toBe("permit");
    expect(answer.attachment).toMatch(/anchor f2b\/\* \(line 2\) is taken for empty/);
    expect(ask(pf, 'anchor "x"\nload anchor "x" from "/etc/x.conf"\nblock in quick\n', toMailer).action).toBe(
      "unknown",
    );
  });
});

describe("macros and tables", () => {
  const config = `ext_if = "em0"
int_if=em1
mail = "{ 192.0.2.25 192.0.2.26 }"
ports = "{ smtp, 587 }"
table <noisy> persist { 203.0.113.64/26 \\
  !203.0.113.99 }
set block-policy drop
block in log on $ext_if
block in quick on $ext_if from <noisy>
pass in on $ext_if inet proto tcp from any to $mail port $ports
pass out on $int_if
pass in on $int_if
pass out on $ext_if
`;
  for (const [text, want, line] of [
    ["tcp 203.0.113.9:40000 > 192.0.2.25:25 inside=1", "permit", 11],
    ["tcp 203.0.113.9:40000 > 192.0.2.7:25 inside=1", "deny", 8],
    ["tcp 203.0.113.70:40000 > 192.0.2.25:25 inside=1", "deny", 9],
    ["tcp 203.0.113.99:40000 > 192.0.2.25:25 inside=1", "permit", 11],
    // Where it goes out to is not said: at one of the interfaces that there are.
    ["tcp 203.0.113.9:40000 > 192.0.2.26:587", "permit", 11],
  ] as const)
    test(`${text}: ${want}`, () => {
      expect(ask(pf, config, text, { at: "em0" })).toMatchObject({ action: want, line });
    });

  test("a packet is filtered at both interfaces it passes", () => {
    const two = "pass all\nblock in quick on em1 proto tcp from 192.0.2.7 to port 25\npass out on em0\n";
    const out = "tcp 192.0.2.7:40000 > 203.0.113.9:25 inside=1";
    expect(ask(pf, two, out, { at: "em0", direction: "out" })).toMatchObject({ action: "deny", line: 2 });
  });

  test("which interface is outside has to be said", () => {
    expect(ask(pf, config, toMailer)).toMatchObject({ action: "unknown", why: expect.stringMatching(/em0, em1/) });
  });

  test("a brace that is not closed", () => {
    expect(ask(pf, "block all\npass in proto tcp to { 192.0.2.25\n", toMailer).action).toBe("unknown");
  });
});

describe("translation", () => {
  test("FreeBSD's redirection comes before the filter", () => {
    const rules =
      "rdr on em0 inet proto tcp from any to 192.0.2.25 port 25 -> 10.0.0.25\nblock in all\npass in proto tcp to 10.0.0.25 port 25\n";
    expect(ask(pf, rules, toMailer, { at: "em0" }).action).toBe("unknown");
    expect(ask(pf, rules.replace("rdr on", "rdr pass on"), toMailer, { at: "em0" }).action).toBe("permit");
    expect(ask(pf, rules, toHost, { at: "em0" }).action).toBe("deny");
  });
  test("translated sources are said", () => {
    expect(ask(pf, "match out on egress nat-to (egress)\npass\n", toMailer, { at: "em0" }).attachment).toMatch(
      /sources are translated on the way out \(line 1\)/,
    );
  });
  test("some rules keep state and some do not", () => {
    const rules = "block all\npass in proto tcp to port 25 no state\npass in proto tcp to port 80\n";
    expect(ask(pf, rules, `${toMailer} ack`).action).toBe("permit");
    expect(ask(pf, rules, "tcp 203.0.113.9:40000 > 192.0.2.25:80 ack").action).toBe("unknown");
  });
});

laws(pf, {
  torn: "never exact",
  samples: [
    "block in log on em0",
    'ext = "em0"',
    "table <site> persist { 192.0.2.0/24, !192.0.2.25 }",
    "pass in quick on $ext inet proto { tcp udp } from any to <site> port { smtp, 587, 20:30 } flags S/SA keep state (max 3)",
    'anchor "x" in on em0 {',
    "  block return out quick proto tcp from ! <site> to any port != 25",
    "}",
    "rdr pass on em0 proto tcp to port 25 -> 10.0.0.1 port 25",
    "match out on egress inet from !(egress:network) to any nat-to (egress:0)",
    "set skip on { lo, em1 }",
    "antispoof quick for { em0 }",
  ],
  needed: /^(block|table)/,
});
