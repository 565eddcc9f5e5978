// The guard's proxy before open mailers that have moved to another port of their machine: every address and port that
// strangers see is closed, honest mail still comes in, the site's own still goes out.
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { resolver } from "./addresses.ts";
import { available } from "./available.ts";
import { closeLab, inLab, type Lab } from "./lab.ts";
import { eximVariants } from "./mailers/exim.ts";
import { onBoth } from "./mailers/listeners.ts";
import { opensmtpdVariants } from "./mailers/opensmtpd.ts";
import { postfixVariants } from "./mailers/postfix.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { siteYaml } from "./site-file.ts";
import { insiderSends, observe } from "./truth.ts";
import type { Variant } from "./variant.ts";
import { products } from "./variants.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const lab = await available();
const can = lab.ok ? undefined : lab.reason;

beforeAll(async () => {
  if (can === undefined) await ensureRoots((["postfix", "exim", "opensmtpd"] as const).map(recipeFor));
});

afterAll(closeLab);

const upstream = "127.0.0.1:2525";

/** How each product listens on another port, for its own machine alone. */
const moves: Readonly<Record<string, (file: string, text: string) => string>> = {
  "/etc/postfix/main.cf": (_, text) =>
    `${text}master_service_disable = smtp/inet\nsmtpd_authorized_xclient_hosts = 127.0.0.1\n`,
  "/etc/exim4/exim4.conf": (_, text) =>
    text
      .replace(/^daemon_smtp_ports = .*$/m, "daemon_smtp_ports = 2525")
      .replace(/^local_interfaces = .*$/m, "local_interfaces = 127.0.0.1\nhosts_proxy = 127.0.0.1"),
  "/etc/smtpd.conf": (_, text) =>
    text
      .replace(/^listen on 0\.0\.0\.0 port 25 /m, "listen on 127.0.0.1 port 2525 ")
      .replace(/^listen on :: port 25 .*\n/m, ""),
};

function moved(variant: Variant): Variant {
  const { exploit: _exploit, expect: _expect, ...rest } = variant;
  const files = Object.entries(variant.files).map(([file, text]) => [file, moves[file]?.(file, text) ?? text]);
  return {
    ...rest,
    name: `${variant.name}-proxy`,
    files: {
      ...Object.fromEntries(files),
      ...(variant.product === "postfix" ? { "/etc/postfix/master.lab": `${upstream} inet n - n - - smtpd\n` } : {}),
    },
    // Nobody but the guard reaches it: strangers see the guard's ports.
    listeners: [],
    truth: "closed",
  };
}

const people = ["postmaster", "abuse", "alice", "bob"];

/** The lab as strangers see it: the guard in the mailer's place. */
async function behindGuard(running: Lab): Promise<Lab> {
  const variant: Variant = { ...running.variant, listeners: onBoth(25) };
  const siteFile = join(dirname(running.siteFile), `${variant.name}-guarded.yaml`);
  const recipients = join(dirname(running.siteFile), "recipients");
  await writeFile(recipients, people.map((name) => `${name}@ourcollege.ac.uk\n`).join(""));
  // Exim trusts everyone there, and so verifies no recipient: the guard has to know them.
  const listed = variant.name.startsWith("exim-everyone") ? `recipients: ${recipients}\n` : "";
  await writeFile(siteFile, siteYaml(variant) + listed);
  await running.exec(
    "mailerA",
    ["bash", "-c", `until (exec 3<>/dev/tcp/127.0.0.1/2525) 2>/dev/null; do sleep 0.2; done`],
    {
      timeoutMs: 60_000,
    },
  );
  return { ...running, variant, siteFile };
}

async function startGuard(running: Lab) {
  const folder = dirname(running.siteFile);
  const [certificate, key] = [join(folder, "guard.crt"), join(folder, "guard.key")];
  await writeFile(certificate, practiceCertificate.certificate);
  await writeFile(key, practiceCertificate.key);
  return running.start(
    "mailerA",
    [
      ...[process.execPath, cli, "guard", "proxy", "--listen", "0.0.0.0:25", "--listen", "[::]:25"],
      ...["--upstream", upstream, "--certificate", certificate, "--key", key],
      // Otherwise Exim takes every client for one of its own machine, and has all it is asked verified by nobody.
      ...(running.variant.product === "exim" ? ["--send", "proxy2"] : []),
      ...["--site", running.siteFile, "--no-store", "--log", "debug"],
    ],
    "guard proxy listens on 0.0.0.0:25, [::]:25 until Ctrl-C.",
  );
}

async function check(running: Lab): Promise<{ readonly verdict: string; readonly says: string }> {
  const wait = Math.ceil(products[running.variant.product].settleMs / 1000);
  const ran = await running.exec(
    "world",
    [
      ...[process.execPath, cli, "check", "--site", running.siteFile, "--resolver", resolver, "--json", "--no-store"],
      ...["--wait", String(wait)],
    ],
    { timeoutMs: 200_000 },
  );
  const document = ran.stdout.startsWith("{") ? (JSON.parse(ran.stdout) as { verdict: string }) : null;
  return { verdict: document?.verdict ?? "none", says: `${ran.stderr}\n${ran.stdout.slice(0, 3000)}` };
}

test("swaks sends through guard proxy, with STARTTLS and pipelined", { timeout: 200_000 }, async ({ expect, skip }) => {
  if (can !== undefined && process.env.CI !== "true") skip(can);
  expect(can).toBeUndefined();
  const variant = postfixVariants.find(({ name }) => name === "postfix-closed");
  if (variant === undefined) throw new Error("no variant postfix-closed");
  await inLab(moved(variant), async (started) => {
    const running = await behindGuard(started);
    await using guard = await startGuard(running);
    const swaks = (...more: readonly string[]) =>
      running.peer(["swaks", "--server", "10.1.1.2", "--from", "a@out.example", "--ehlo", "c.example", ...more]);
    for (const more of [[], ["--tls"], ["--pipeline"], ["--tls", "--pipeline"], ["--protocol", "SMTP"]]) {
      const { code, stdout } = await swaks("--to", "alice@ourcollege.ac.uk", ...more);
      expect(code, stdout + guard.said()).toBe(0);
    }
    // 24: no recipient was accepted.
    expect((await swaks("--to", "x@elsewhere.example")).code).toBe(24);
    expect((await swaks("--to", "alice@ourcollege.ac.uk,x@elsewhere.example", "--pipeline")).stdout).toMatch(
      /550 5\.7\.1/,
    );
  });
});

const all: readonly Variant[] = [...postfixVariants, ...eximVariants, ...opensmtpdVariants];

for (const name of [
  "postfix-everyone",
  "postfix-local-sender",
  "exim-everyone",
  "exim-percent",
  "opensmtpd-everyone",
  "opensmtpd-helo",
]) {
  test(`${name} behind guard proxy is closed`, { timeout: 400_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    const variant = all.find((one) => one.name === name);
    if (variant === undefined) throw new Error(`no variant ${name}`);
    await inLab(moved(variant), async (started) => {
      const running = await behindGuard(started);
      await using guard = await startGuard(running);
      const seen = await observe(running);
      expect([seen.seen, seen.faults], guard.said()).toEqual(["closed", []]);
      for (const listener of running.variant.listeners)
        expect(await insiderSends(running, listener), guard.said()).toBe(null);
      const { verdict, says } = await check(running);
      expect(verdict, says).toBe("closed");
      expect(guard.said()).toContain('"reason":"relaying-denied"');
    });
  });
}
