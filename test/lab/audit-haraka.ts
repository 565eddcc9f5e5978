// `node test/lab/audit-haraka.ts [CONFIGURATIONS [SEED]]`: compares what the audit says of made-up configurations with what
// the running Haraka answers at RCPT. Exit 1 if one differs.
import { mailerA } from "./addresses.ts";
import { clients, differential, type PlayedCase, randomFrom } from "./audit-by-play.ts";
import { onBoth } from "./mailers/listeners.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import type { Exploit } from "./variant.ts";

const acl = [
  "10.1.1.0/24",
  "2001:db8:1::/48",
  "10.0.0.0/8 # inside",
  "203.0.113.0/24",
  "203.0.113.9",
  "0.0.0.0/0",
  "::/0",
  "2001:db8:99::9",
  "2001:db8:ffff::1",
  "10.9.9.9/33",
  "10.9.0.0/-1",
  "# 203.0.113.9/32",
  "not an address/8",
  "128.0.0.0/1",
];
const destinations = [
  'ourcollege.ac.uk={"action":"continue"}',
  'partner.example={"action":"accept"}',
  'list.example={"action":"deny","nexthop":"10.1.1.3"}',
  'virtual.example={"action":"accept","nexthop":"10.1.1.3"}',
];
const patterns = [".*partner\\.example", "virtual.example", "(a|b)\\.college\\.example", "^elsewhere"];

function harakaCase(seed: number): PlayedCase {
  const random = randomFrom(seed * 7919 + 23);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // the index is in bounds
  const chance = (probability: number): boolean => random() < probability;
  const some = (from: readonly string[], probability: number): string =>
    from
      .filter(() => chance(probability))
      .map((line) => `${line}\n`)
      .join("");
  const logins = chance(0.5);
  const plugins = [
    "tls",
    ...(logins ? ["auth/flat_file"] : []),
    ...(chance(0.8) ? ["relay"] : []),
    ...(chance(0.9) ? ["rcpt_to.in_host_list"] : []),
    ...(chance(0.3) ? ["queue/smtp_forward"] : []),
  ];
  // What says OK first, counts.
  if (chance(0.3)) plugins.push(...plugins.splice(plugins.indexOf("relay"), plugins.includes("relay") ? 1 : 0));
  const on = (probability: number): string =>
    chance(probability) ? pick(["true", "yes", "1", "on"]) : pick(["false", "no", "0"]);
  const relay = `[relay]\nacl=${on(0.8)}\n${chance(0.4) ? `dest_domains=${on(0.8)}\n` : ""}${chance(0.15) ? `all=${on(0.5)}\n` : ""}`;
  const listen = [25, 587].flatMap((port) => [`${mailerA.v4}:${port}`, `[${mailerA.v6}]:${port}`]);
  const config = (name: string): string => `/srv/haraka/config/${name}`;
  const files = {
    [config("smtp.ini")]: `listen=${listen.join(",")}\nnodes=0\npublic_ip=${mailerA.v4}\n`,
    [config("me")]: `${mailerA.host}\n`,
    [config("log.ini")]: "[main]\nlevel=info\n",
    [config("plugins")]: `# in this order\n${plugins.join("\n")}\n`,
    [config("host_list")]: `ourcollege.ac.uk\n${chance(0.3) ? "Virtual.Example\n" : ""}`,
    ...(chance(0.4) ? { [config("host_list_regex")]: some(patterns, 0.5) } : {}),
    ...(chance(0.2) ? { [config("host_list.anti_spoof")]: "true\n" } : {}),
    [config("relay.ini")]: relay,
    [config("relay_acl_allow")]: some(acl, 0.25),
    [config("relay_dest_domains.ini")]: `[domains]\n${some(destinations, 0.6)}`,
    [config("auth_flat_file.ini")]: "[core]\nmethods=PLAIN\nconstrain_sender=false\n[users]\nalice=secret\n",
    [config("smtp_forward.ini")]:
      `[main]\nhost=10.1.1.3\nport=25\ncheck_recipient=${on(0.5)}\ncheck_sender=${on(0.3)}\n[routed.example]\nhost=10.1.1.3\n`,
  };
  return {
    variant: {
      product: "haraka",
      name: `haraka-audit-${seed}`,
      truth: "closed",
      openTo: "whoever the seed says",
      files,
      listeners: [...onBoth(25), ...onBoth(587)],
    },
    sessions: Array.from({ length: 30 }, () => sessionOf(pick, logins)),
    machine: {},
    root: "/srv/haraka",
    speaksTls: true,
  };
}

function sessionOf(pick: <T>(from: readonly T[]) => T, logins: boolean): Exploit {
  const login = logins && pick([true, false, false, false]);
  const before = pick([
    undefined,
    undefined,
    undefined,
    "postmaster@ourcollege.ac.uk",
    "x@partner.example",
    "x@virtual.example",
  ]);
  return {
    ...pick(clients),
    port: pick([25, 25, 25, 587]),
    helo: pick(["host9.isp.example", "localhost"]),
    ...(login ? { tls: "starttls", auth: { user: "alice", password: "secret" } } : {}),
    mailFrom: pick(["lab@isp.example", "", "x@ourcollege.ac.uk", "x@routed.example", "x@virtual.example"]),
    ...(before === undefined ? {} : { rcptBefore: before }),
    rcptTo: pick([
      "probe@elsewhere.example",
      "probe@elsewhere.example",
      "Postmaster@OurCollege.ac.uk",
      "no-such-person@ourcollege.ac.uk",
      "postmaster",
      "probe@partner.example",
      "probe@notpartner.example",
      "probe@virtual.example",
      "probe@virtualxexample",
      "probe@a.college.example",
      "probe@list.example",
      "probe@routed.example",
      "probe%elsewhere.example@ourcollege.ac.uk",
      "probe%elsewhere.example",
      "elsewhere.example!probe@ourcollege.ac.uk",
      '"probe@elsewhere.example"@ourcollege.ac.uk',
      "@ourcollege.ac.uk:probe@elsewhere.example",
      "@elsewhere.example,@b.example:postmaster@ourcollege.ac.uk",
      "probe@elsewhere.example@ourcollege.ac.uk",
      "probe@[203.0.113.9]",
      "probe@[IPv6:2001:db8::1]",
      "probe@elsewhere.example.",
      "probe@else_where.example",
    ]),
    message: "none",
  };
}

const [count = 20, first = 1] = process.argv.slice(2).map(Number);
await ensureRoots([recipeFor("haraka")]);
await differential(
  "haraka",
  Array.from({ length: count }, (_, index) => harakaCase(first + index)),
);
