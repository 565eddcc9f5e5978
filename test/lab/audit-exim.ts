// `node test/lab/audit-exim.ts [CONFIGURATIONS [SEED [NUMBER]]]`: compares what the audit says of made-up configurations
// with what the real Exim answers at RCPT (`exim -bh`: a session from any address, in which nothing is delivered).
// With a NUMBER only that configuration is made, and shown. Exit 1 if one differs.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deriveListeners } from "../../src/audit/derive.ts";
import { decide } from "../../src/audit/evaluate.ts";
import { auditTree } from "../../src/audit/examine.ts";
import { groundsOf } from "../../src/audit/grounds.ts";
import type { Hole } from "../../src/audit/hole.ts";
import { readExim } from "../../src/audit/products/exim/exim.ts";
import type { Configuration, Session } from "../../src/audit/rules.ts";
import { treeOf } from "../../src/audit/tree.ts";
import { formatIp, type IpAddress, parseIp } from "../../src/net/ip.ts";
import type { ConfigTree } from "../../src/ports.ts";
import { inside, mailerA, neighbour, resolver, stranger } from "./addresses.ts";
import { leadsOut, nameOf, siteOf, unnamed } from "./audit-by-play.ts";
import { type GeneratedExim, generateExim, seeded } from "./exim-configurations.ts";
import { layGround } from "./ground.ts";
import { run } from "./run.ts";
import { scratchFolder } from "./unpacked.ts";
import { variants } from "./variants.ts";

const sessionsEach = 24;

/** What the machine of the session knows of its accounts; the same is put into its root. */
const passwd = `root:x:0:0:root:/root:/bin/sh
alice:x:1500:1500:Alice:/home/alice:/bin/sh
bob:x:1501:1501:Bob:/home/bob:/bin/sh
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
`;
const read = new Map<GeneratedExim, Configuration>();

/** Arguments: place to mount on, product's layer, files. Each configuration's files are put over the root in turn. */
const script = `
I=$1 LOW=$2 STAGE=$3
mount -t tmpfs -o mode=755 tmpfs "$I"
mkdir "$I/up" "$I/wk" "$I/root"
R=$I/root
mount -t overlay overlay -o "lowerdir=$LOW:/,upperdir=$I/up,workdir=$I/wk" "$R"
mount -t proc proc "$R/proc"
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
mount -t tmpfs -o mode=755 tmpfs "$R/run"
for D in null zero urandom random; do : >"$R/dev/$D"; mount --bind "/dev/$D" "$R/dev/$D"; done
hostname ${mailerA.host}
cp -R "$STAGE/." "$R/"
grep "^Debian-exim:" "$LOW/etc/passwd" >"$I/users"
grep -v "^Debian-exim:" "$R/audit/passwd" >>"$I/users"
cat "$I/users" >"$R/etc/passwd"
LAST=
while read -r N C IP PORT; do
  if [ "$C" != "$LAST" ]; then rm -rf "$R/etc/audit"; cp -R "$R/audit/$C/." "$R/"; LAST=$C; fi
  echo "== session $N"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$R" exim4 -C /etc/exim4/exim4.conf -oMi "${mailerA.v4}.$PORT" -bh "$IP" \\
    <"$R/audit/in/$N" 2>"$R/audit/err" || sed -n '/xim/s/^/error: /p' "$R/audit/err" | tail -1
  sed 's/^/| /' "$R/audit/err"
done <"$R/audit/list"
`;

type Asked = {
  readonly configuration: number;
  readonly session: Session;
  readonly port: number;
  /** The auditor named it as one that gets through. */
  readonly witness: boolean;
};

const variant = variants.find(({ name }) => name === "exim-closed");
if (variant === undefined) throw new Error("no variant exim-closed");
const site = siteOf(variant);

const words = process.argv.slice(2).map(Number);
const [count = 40, seed = 1, only] = words;
const configurations = Array.from({ length: count }, (_, index) => generateExim(seeded(seed * 10_000 + index)));
const asked = configurations.flatMap((made, configuration): Asked[] =>
  only !== undefined && only !== configuration
    ? []
    : [...sessionsFor(made, seed * 10_000 + configuration, configuration), ...witnessesOf(made, configuration)],
);
let agree = 0;
let untold = 0;
const wrong: string[] = [];
let permits = 0;
/** What Exim said about each session; shown for a single configuration. */
const said: string[] = [];
const notTaken = new Map<number, string>();
const verdicts = new Map<string, number>();
const closed = new Set<number>();
for (const number of new Set(asked.map(({ configuration }) => configuration))) {
  const verdict = verdictOf(configurations[number]);
  verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  if (verdict === "closed") closed.add(number);
}
const answers = await askExim(configurations, asked);
for (const [index, one] of asked.entries()) {
  const made = configurations[one.configuration];
  if (made === undefined) continue;
  const audit = audited(made, one);
  const exim = answers[index] ?? "no answer";
  if (exim.startsWith("no answer")) {
    notTaken.set(one.configuration, exim); // Exim refuses the configuration itself
    continue;
  }
  if (only !== undefined && audit !== exim) process.stdout.write(`${describe(one)}\n${said[index] ?? ""}\n`);
  if (exim === "permit") permits += 1;
  if (audit === exim) agree += 1;
  else if (audit === "unknown") untold += 1;
  else wrong.push(`${describe(one)}: the audit says ${audit}, Exim ${exim}`);
  if (exim === "permit" && closed.has(one.configuration) && strangerSends(made, one))
    wrong.push(`${describe(one)}: the verdict is closed, and Exim permits it`);
}
if (only !== undefined) process.stdout.write(`${configurations[only]?.files["/etc/exim4/exim4.conf"] ?? ""}\n`);
for (const text of wrong.slice(0, 100)) process.stdout.write(`DIFFERS ${text}\n`);
for (const [number, why] of notTaken) process.stdout.write(`#${number} is no configuration for Exim: ${why}\n`);
const made = new Set(asked.map(({ configuration }) => configuration)).size - notTaken.size;
process.stdout.write(
  `exim: ${made} configurations (${[...verdicts].map(([verdict, n]) => `${n} ${verdict}`).join(", ")}), ` +
    `${agree + untold + wrong.length} sessions of which ${asked.filter(({ witness }) => witness).length} witnesses (${permits} permitted): ` +
    `${agree} agree, ${untold} not told, ${wrong.length} differ\n`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;

function describe({ configuration, session, port }: Asked): string {
  const { client, helo, reversePath, forwardPath } = session;
  return `#${configuration} ${formatIp(client.address)} (${client.name ?? "no name"}) port ${port} HELO ${helo} ${reversePath} ${forwardPath}`;
}

function sessionsFor(made: GeneratedExim, seedOfIt: number, configuration: number): Asked[] {
  const pick = seeded(seedOfIt + 7_000_000);
  const clients: readonly (readonly [string, string | null])[] = [
    [stranger.v4, "host9.isp.example"],
    [stranger.v6, "host9.isp.example"],
    ["198.51.100.7", null],
    ["2001:db8:77::7", null],
    [neighbour.v4, "host9.neighbour.example"],
    [inside.v4, "pc77.ourcollege.ac.uk"],
    ["172.17.0.1", null],
    ["127.0.0.1", null],
  ];
  return Array.from({ length: sessionsEach }, (): Asked => {
    const [text, name] = pick(clients);
    return {
      configuration,
      port: pick(made.ports),
      witness: false,
      session: {
        client: { address: ip(text), name, reverseName: name, authenticated: false, certificate: "none" },
        tls: "none",
        helo: pick(["host9.isp.example", "localhost", "mx1.ourcollege.ac.uk", "pc.ourcollege.ac.uk"]),
        reversePath: pick(made.senders),
        forwardPath: pick(made.recipients),
        previousRecipients: [],
        backupMx: false,
      },
    };
  });
}

function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

function treeFor({ files }: GeneratedExim): ConfigTree {
  return treeOf("/", { ...files, "/etc/passwd": passwd });
}

function configurationOf(made: GeneratedExim): Configuration | null {
  const known = read.get(made) ?? readExim(treeFor(made), null);
  if (known !== null) read.set(made, known);
  return known;
}

function verdictOf(made: GeneratedExim | undefined): string {
  if (made === undefined) return "none";
  const about = { site, product: "exim", version: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("mx1", treeFor(made), about).verdict;
}

/** The auditor's certain holes, as sessions that `exim -bh` can be asked about. */
function witnessesOf(made: GeneratedExim, configuration: number): Asked[] {
  const known = configurationOf(made);
  if (known === null) return [];
  const holes = deriveListeners(known, site).flatMap(({ search }) => search.holes);
  return holes.flatMap((hole): Asked[] => {
    const session = playable(hole);
    return session === null ? [] : [{ configuration, session, port: hole.listener.port, witness: true }];
  });
}

/** With the client's name as the lab's DNS has it; null where another name, a login or TLS is what lets it through. */
function playable({ certainty, session, listener, clients }: Hole): Session | null {
  const { client, tls, previousRecipients } = session;
  if (certainty !== "open" || client.authenticated || tls !== "none" || previousRecipients.length > 0) return null;
  // Of an address that the lab's DNS knows nothing of, Exim waits for a name in vain.
  const known = (client.address.family === 4 ? [stranger.v4, "198.51.100.7"] : [stranger.v6, "2001:db8:77::7"]).map(ip);
  const address = known.find((one) => clients.has(one)) ?? client.address;
  const name = nameOf(formatIp(address));
  const named = { ...session, client: { ...client, address, name, reverseName: name, certificate: "none" as const } };
  return decide(listener, named).outcome === "permit" ? named : null;
}

/** What Exim permitted is a stranger's relaying, which a closed verdict denies. */
function strangerSends(made: GeneratedExim, { session, port }: Asked): boolean {
  const known = configurationOf(made);
  const listener = known?.listeners.find((one) => one.port === port);
  if (known === null || listener === undefined) return false;
  const { rule, inside: own } = groundsOf(known, site);
  if (own.has(session.client.address) || !leadsOut(rule, session, decide(listener, session))) return false;
  // Of clients that the rules name the search asks less: whether anybody may do so.
  return decide(listener, { ...session, client: unnamed(session.client) }).outcome === "permit";
}

function audited(made: GeneratedExim, { session, port }: Asked): string {
  const known = configurationOf(made);
  if (known === null) return "no configuration";
  const listener = known.listeners.find((one) => one.port === port);
  return listener === undefined ? "no listener" : decide(listener, session).outcome;
}

/** What the real Exim answers to each session's recipient, in order. */
async function askExim(made: readonly GeneratedExim[], all: readonly Asked[]): Promise<readonly string[]> {
  await using ground = await layGround();
  const unpacked = await ground.unpacked("exim");
  await using loan = await ground.borrowWorld();
  const stage = await scratchFolder("bh");
  try {
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(join(stage, path, ".."), { recursive: true });
      await writeFile(join(stage, path), text);
    };
    await put("/etc/resolv.conf", `nameserver ${resolver}\n`);
    await put("/etc/hosts", `127.0.0.1 localhost\n${mailerA.v4} ${mailerA.host}\n`);
    await put("/etc/hostname", `${mailerA.host}\n`);
    await put("/audit/passwd", passwd);
    for (const [number, { files }] of made.entries())
      for (const [path, text] of Object.entries(files)) await put(`/audit/${number}${path}`, text);
    const list = all.map(({ configuration, session, port }, index) => [
      index,
      configuration,
      formatIp(session.client.address),
      port,
    ]);
    await put("/audit/list", `${list.map((row) => row.join(" ")).join("\n")}\n`);
    for (const [index, { session }] of all.entries()) {
      const { helo, reversePath, forwardPath } = session;
      await put(`/audit/in/${index}`, `HELO ${helo}\r\nMAIL FROM:${reversePath}\r\nRCPT TO:${forwardPath}\r\nQUIT\r\n`);
    }
    const ran = await run([
      ...["ip", "netns", "exec", loan.world.network.names.mailerA],
      ...unpacked.enter,
      ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL"],
      ...["/bin/sh", "-ec", script, "bh", join(unpacked.folder, "a"), join(unpacked.folder, "low"), stage],
    ]);
    if (process.env.FENCEPOST_BH_LOG !== undefined) process.stderr.write(ran.stderr);
    const answers = new Map<number, string>();
    for (const block of ran.stdout.split("== session ").slice(1)) {
      said[Number.parseInt(block, 10)] = block;
      answers.set(Number.parseInt(block, 10), answerIn(block));
    }
    if (answers.size !== all.length) throw new Error(`${ran.stderr.slice(-3000)}\n${ran.stdout.slice(-1000)}`);
    return all.map((_, index) => answers.get(index) ?? "no answer");
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Greeting, HELO, MAIL, RCPT: the fourth reply counts; a refusal before it is one of the recipient as well. */
function answerIn(block: string): string {
  const codes = [...block.matchAll(/^(\d{3}) .*$/gm)].map((match) => Number(match[1]));
  const first = codes.slice(0, 4).find((code) => code >= 400);
  if (first !== undefined) return first < 500 ? "defer" : "refuse";
  return codes.length >= 4 ? "permit" : `no answer: ${/error: (.*)/.exec(block)?.[1] ?? block.slice(0, 200)}`;
}
