/**
 * The guard's figures: decisions a second, the proxy beside the bare sink, Haraka and a proxy that only forwards bytes,
 * and a real Postfix alone, with policy delegation, with the milter, and behind the proxy.
 *
 *     npm run bench:guard
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mailerA } from "../test/lab/addresses.ts";
import type { Child } from "../test/lab/child.ts";
import { closeLab, inLab, type Lab } from "../test/lab/lab.ts";
import { onBoth } from "../test/lab/mailers/listeners.ts";
import { postfixVariants } from "../test/lab/mailers/postfix.ts";
import { recipeFor } from "../test/lab/recipes.ts";
import { ensureRoots } from "../test/lab/roots.ts";
import { mustRun } from "../test/lab/run.ts";
import type { Variant } from "../test/lab/variant.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const everyone = postfixVariants.find(({ name }) => name === "postfix-everyone")!;

const settings = {
  alone: { lines: "", door: null, port: 25 },
  policy: {
    lines:
      "smtpd_relay_restrictions = check_policy_service inet:127.0.0.1:10031, permit_mynetworks, reject_unauth_destination\n",
    door: ["policy", "--listen", "127.0.0.1:10031"],
    port: 25,
  },
  milter: {
    lines: "smtpd_milters = inet:127.0.0.1:10033\nmilter_default_action = tempfail\n",
    door: ["milter", "--listen", "127.0.0.1:10033"],
    port: 25,
  },
  proxy: { lines: "", door: ["proxy", "--listen", "0.0.0.0:26", "--upstream", "127.0.0.1:25"], port: 26 },
} as const;

console.log(`${cpus().length} processors, load ${loadavg()[0]?.toFixed(1)} before the start`);
try {
  await decisions();
  await onLoopback();
  await besidePostfix();
} finally {
  await closeLab();
}

async function decisions(): Promise<void> {
  const said = await mustRun([process.execPath, fileURLToPath(new URL("decide.ts", import.meta.url))]);
  const { networks, domains, decisionsPerSecond, decisionsPerSecondWithParsing } = JSON.parse(said);
  console.log(
    `decisions/s with ${networks} networks and ${domains} domains: ${decisionsPerSecond}, with parsing ${decisionsPerSecondWithParsing}`,
  );
}

/** Everything on one loopback, in a root that has Postfix's tools. */
async function onLoopback(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fencepost-bench-"));
  try {
    const [root] = await ensureRoots([recipeFor("haraka")]);
    await mustRun(["tar", "-C", folder, "--strip-components=2", "-xf", root!.tar, "./opt/haraka"]);
    const config = join(folder, "haraka/site/config");
    await mkdir(config, { recursive: true });
    const packaged = join(folder, "haraka/node_modules/Haraka/config/connection.ini");
    await mustRun(["cp", packaged, config]);
    for (const [name, text] of [
      ["smtp.ini", "listen=127.0.0.1:2503\nnodes=0\n"],
      ["me", "haraka.example\n"],
      ["log.ini", "[main]\nlevel=error\n"],
      ["plugins", "rcpt_to.in_host_list\nqueue/smtp_forward\n"],
      ["host_list", "ourcollege.example\n"],
      ["smtp_forward.ini", "host=127.0.0.1\nport=2501\n"],
    ] as const)
      await writeFile(join(config, name), text);
    await mkdir(join(folder, "haraka/site/queue"), { recursive: true });
    await writeFile(join(folder, "site.yaml"), "name: x\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\n");
    await inLab(everyone, async (lab) => {
      const script = fileURLToPath(new URL("guard-loopback.ts", import.meta.url));
      const ran = await lab.peer(
        ["/bin/sh", "-c", `ip link set lo up; ulimit -n 65536; exec "$@"`, "run", process.execPath, script, folder],
        "postfix",
      );
      process.stdout.write(ran.stdout);
      if (ran.code !== 0) console.log(`failed: ${ran.stderr.slice(-2000)}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A Postfix that takes mail and throws it away, so that only its reception counts. */
function discarding(lines: string): Variant {
  const main = "/etc/postfix/main.cf";
  return {
    ...everyone,
    name: "postfix-discards",
    files: {
      ...everyone.files,
      [main]: `${everyone.files[main]}local_transport = discard:\ndefault_transport = discard:\nsmtpd_client_connection_count_limit = 0\nsmtpd_authorized_xclient_hosts = 127.0.0.1\n${lines}`,
    },
    listeners: onBoth(25),
  };
}

async function besidePostfix(): Promise<void> {
  console.log("a real Postfix, messages/s, smtp-source -s 20 -l 4000 -m 1500, best of 3");
  let alone = 1;
  for (const [name, { lines, door, port }] of Object.entries(settings))
    await inLab(discarding(lines), async (lab) => {
      await using _guard = door === null ? null : await startDoor(lab, door);
      let best = 0;
      for (let turn = 0; turn < 4; turn += 1) {
        const rate = await source(lab, port, turn === 0 ? 200 : 1500);
        if (turn > 0) best = Math.max(best, rate);
      }
      if (name === "alone") alone = best;
      console.log(`  ${name.padEnd(8)} ${best.toFixed(0).padStart(6)}   ${(best / alone).toFixed(2)} of Postfix alone`);
    });
}

function startDoor(lab: Lab, door: readonly string[]): Promise<Child> {
  const [name = "", , place = ""] = door;
  return lab.start(
    "mailerA",
    [process.execPath, main, "guard", ...door, "--site", lab.siteFile, "--no-store", "--log", "off"],
    `guard ${name} listens on ${place} until Ctrl-C.`,
  );
}

async function source(lab: Lab, port: number, count: number): Promise<number> {
  const script = 'S=$(date +%s%N); smtp-source "$@" || exit 1; E=$(date +%s%N); echo $(( E - S ))';
  const ran = await lab.peer(
    [
      ...["/bin/sh", "-c", script, "run", "-s", "20", "-l", "4000", "-m", String(count)],
      ...["-f", "a@out.example", "-t", "alice@ourcollege.ac.uk", `${mailerA.v4}:${port}`],
    ],
    "postfix",
  );
  if (ran.code !== 0) throw new Error(`smtp-source: ${ran.stderr.slice(-500)}`);
  return (count / Number(ran.stdout)) * 1e9;
}
