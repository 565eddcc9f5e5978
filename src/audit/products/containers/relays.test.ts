import fc from "fast-check";
import { expect, test } from "vitest";
import { auditTree } from "../../examine.ts";
import { treeOf } from "../../tree.ts";

type Files = Readonly<Record<string, string>>;

const audited = (files: Files) => {
  const texts = Object.entries(files).map(([name, text]): [string, string] => [`/srv/${name}`, text]);
  const request = { site: null, product: null, version: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("stack", treeOf("/srv", Object.fromEntries(texts)), request);
};

const dollar = "$";

const relayStack = (image: string, environment: string, ports = '["25:25"]'): Files => ({
  "docker-compose.yml": `services:
  app:
    image: registry.example/app
    environment: {SMTP_HOST: smtp}
  smtp:
    image: ${image}
    environment:
${environment.replace(/^/gm, "      ")}
    ports: ${ports}
`,
});
const four = '["0.0.0.0:25:25", "0.0.0.0:587:587"]';

for (const [what, files, verdict, tags] of [
  // Any sender of ours may be typed: only the address guards, and over IPv6 it does not.
  [
    "boky/postfix",
    relayStack("boky/postfix:v4", "ALLOWED_SENDER_DOMAINS: ourcollege.example"),
    "open",
    ["PFX_SENDER_OK"],
  ],
  [
    "boky/postfix for IPv4 alone",
    relayStack("boky/postfix", "ALLOWED_SENDER_DOMAINS: ourcollege.example", four),
    "closed",
    [],
  ],
  [
    "boky/postfix in a network that nobody tells",
    {
      "docker-compose.yml": `${relayStack("boky/postfix", "ALLOWED_SENDER_DOMAINS: ourcollege.example", "[]")["docker-compose.yml"]}    network_mode: container:vpn\n`,
    },
    "conditional",
    ["PFX_SENDER_OK"],
  ],
  [
    "boky/postfix that trusts everybody",
    relayStack("boky/postfix", 'ALLOW_EMPTY_SENDER_DOMAINS: "true"\nPOSTFIX_mynetworks: 0.0.0.0/0,10.0.0.0/8', four),
    "open",
    ["PFX_NET_ANY"],
  ],
  [
    "boky/postfix that is not published",
    relayStack("boky/postfix", "POSTFIX_mynetworks: 0.0.0.0/0", "[]"),
    "closed",
    [],
  ],
  [
    "juanluisbaptiste/postfix",
    relayStack("juanluisbaptiste/postfix:latest", "SERVER_HOSTNAME: relay.ourcollege.example"),
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  [
    "juanluisbaptiste/postfix with networks of its own",
    relayStack("juanluisbaptiste/postfix", "SMTP_NETWORKS: 0.0.0.0/0,2001:db8::/32", four),
    "open",
    ["PFX_NET_ANY"],
  ],
  [
    "catatnight/postfix",
    relayStack("catatnight/postfix", "maildomain: ourcollege.example\nsmtp_user: person:secret"),
    "closed",
    [],
  ],
  [
    "mwader/postfix-relay",
    relayStack("mwader/postfix-relay", "POSTFIX_myhostname: smtp.ourcollege.example"),
    "open",
    ["DEPLOY_HIDES_CLIENT", "PFX_NET_ANY"],
  ],
  [
    "mwader/postfix-relay that is not published",
    relayStack("mwader/postfix-relay", "POSTFIX_myhostname: x.example", "[]"),
    "closed",
    [],
  ],
  [
    "loganmarchione/postfixrelay",
    relayStack("loganmarchione/docker-postfixrelay:latest", "RELAY_HOST: smtp.example.com", four),
    "open",
    ["PFX_NET_ANY"],
  ],
  [
    "addy.io",
    relayStack(
      "anonaddy/anonaddy:latest",
      "ANONADDY_DOMAIN: ourcollege.example\nPOSTFIX_MYNETWORKS: 127.0.0.0/8",
      four,
    ),
    "closed",
    [],
  ],
  [
    "an old addy.io",
    relayStack("anonaddy/anonaddy:0.13", "ANONADDY_DOMAIN: ourcollege.example", four),
    "conditional",
    [],
  ],
  [
    "SimpleLogin",
    relayStack("simplelogin/postfix:4", "POSTFIX_FQDN: mail.ourcollege.example"),
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  [
    "a variable from the shell",
    relayStack("boky/postfix", `ALLOW_EMPTY_SENDER_DOMAINS: y\nPOSTFIX_mynetworks: ${dollar}{NETS}`, four),
    "unknown",
    ["PFX_UNKNOWN"],
  ],
] as const)
  test(`${what}: ${verdict}`, () => {
    const result = audited(files);
    expect(result.verdict, JSON.stringify(result.listeners, null, 1)).toBe(verdict);
    expect(
      [...new Set(result.findings.map(({ tag }) => tag).filter((tag) => !tag.startsWith("AUDIT_")))].sort(),
    ).toEqual([...tags]);
    if (verdict === "closed") expect(result.assumes.map(({ text }) => text).join()).toContain("not compared");
  });

test("boky/postfix: the finding shows the line, and the patch mends it", () => {
  const environment = 'ALLOW_EMPTY_SENDER_DOMAINS: "true"\nPOSTFIX_mynetworks: "10.0.0.0/8,0.0.0.0/0"';
  const [finding] = audited(relayStack("boky/postfix", environment, four)).findings;
  expect(finding?.where).toMatchObject({ file: "/srv/docker-compose.yml", line: 9 });
  expect(finding?.patch).toContain('+      POSTFIX_mynetworks: "10.0.0.0/8"\n');
});

test("whatever the variables hold, they stay in their setting", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.string({ maxLength: 40 }), (value, other) => {
      const environment = `POSTFIX_mynetworks: ${JSON.stringify(value)}\nALLOWED_SENDER_DOMAINS: ${JSON.stringify(other)}`;
      const { verdict } = audited(relayStack("boky/postfix", environment, four));
      expect(["open", "unknown", "conditional", "closed"]).toContain(verdict);
    }),
    { numRuns: 60 },
  );
});
