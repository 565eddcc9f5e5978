/** How many decisions a second the rule makes for a site of 100,000 networks and 100,000 domains. */
import { domainSet, parseDomainPattern } from "../src/net/domain.ts";
import { prefixOf } from "../src/net/prefix.ts";
import { relayRule, type Session } from "../src/relaying/relaying.ts";
import { parseSite, type Site } from "../src/site/site.ts";
import { readForwardPath, readReversePath } from "../src/smtp/path.ts";

const entries = 100_000;
const rounds = 1_000_000;

const small = parseSite("name: bench\ndomains: [ours.example]\nnetworks: [192.0.2.0/24]\n", "bench");
if (!small.ok) throw new Error("the bench's own site file is wrong");
const site: Site = {
  ...small.site,
  domains: Array.from({ length: entries }, (_, i) => {
    const pattern = parseDomainPattern(`d${i}.example`);
    if (!pattern.ok) throw new Error("the bench's own domains are wrong");
    return pattern.value;
  }),
  networks: Array.from({ length: entries }, (_, i) =>
    i % 2 === 0
      ? prefixOf({ family: 4, bits: 0x0a000000n + BigInt(i) * 128n }, 26)
      : prefixOf({ family: 6, bits: (0x20010db8n << 96n) + (BigInt(i) << 64n) }, 64),
  ),
};

const started = performance.now();
const rule = relayRule(site);
const compiled = performance.now() - started;

const session = (i: number): Session => ({
  client: {
    address:
      i % 4 < 2
        ? { family: 4, bits: 0x0a000000n + BigInt((i * 7919) % (entries * 256)) }
        : { family: 6, bits: (0x20010db8n << 96n) + (BigInt((i * 7919) % (entries * 2)) << 64n) + 1n },
    authenticated: "no",
    managed: false,
  },
  reversePath: readReversePath("<a@out.example>"),
  forwardPath: readForwardPath(
    [`<u@d${(i * 31) % entries}.example>`, `<u@out${i}.example>`, `<u%out.example@d${i % entries}.example>`][i % 3] ??
      "<>",
  ),
  recipient: "unknown",
});
const sessions = Array.from({ length: 10_000 }, (_, i) => session(i));

const count = { permit: 0, refuse: 0 };
const run = (n: number) => {
  for (let i = 0; i < n; i += 1) {
    const next = sessions[i % sessions.length];
    if (next !== undefined) count[rule(next).action] += 1;
  }
};
run(50_000); // warm up
const from = performance.now();
run(rounds);
const decided = performance.now() - from;

const parseFrom = performance.now();
for (let i = 0; i < 100_000; i += 1) rule(session(i));
const parsedToo = performance.now() - parseFrom;

const setFrom = performance.now();
domainSet(site.domains);
const setTime = performance.now() - setFrom;

console.log(
  JSON.stringify({
    networks: entries,
    domains: entries,
    compileMs: Math.round(compiled),
    domainSetMs: Math.round(setTime),
    decisionsPerSecond: Math.round((rounds / decided) * 1000),
    decisionsPerSecondWithParsing: Math.round((100_000 / parsedToo) * 1000),
    permit: count.permit,
    refuse: count.refuse,
  }),
);
