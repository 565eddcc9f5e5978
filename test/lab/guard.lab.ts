// The guard before open mailers, through each door that fits them: what was open is closed, honest mail still comes in
// and the site's own still goes out. The settings are those that `--help` shows.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { resolver } from "./addresses.ts";
import { available } from "./available.ts";
import { closeLab, inLab, type Lab } from "./lab.ts";
import { postfixVariants } from "./mailers/postfix.ts";
import { sendmailVariants } from "./mailers/sendmail.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { run } from "./run.ts";
import { insiderSends, observe } from "./truth.ts";
import type { Variant } from "./variant.ts";
import { products } from "./variants.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const lab = await available();
const can = lab.ok ? undefined : lab.reason;

beforeAll(async () => {
  if (can === undefined) await ensureRoots([recipeFor("postfix"), recipeFor("sendmail")]);
});

afterAll(closeLab);

type Door = "policy" | "milter";

/** The lines that the help of a door shows for a product, without their indentation. */
async function snippet(door: Door, first: RegExp, last: RegExp): Promise<string> {
  const { stdout } = await run([process.execPath, cli, "guard", door, "--help"]);
  const lines = stdout.split("\n").map((line) => line.replace(/^ {8}/, ""));
  const from = lines.findIndex((line) => first.test(line));
  const to = lines.findIndex((line, index) => index >= from && last.test(line));
  if (from < 0 || to < 0) throw new Error(`no such lines in the help of guard ${door}`);
  return `${lines.slice(from, to + 1).join("\n")}\n`;
}

const settings = {
  "postfix policy": { file: "/etc/postfix/main.cf", lines: () => snippet("policy", /^smtpd_relay/, /defer_unauth/) },
  "postfix milter": { file: "/etc/postfix/main.cf", lines: () => snippet("milter", /^smtpd_milters/, /^milter_def/) },
  "sendmail milter": { file: "/etc/mail/sendmail.mc", lines: () => snippet("milter", /^INPUT_MAIL/, /^INPUT_MAIL/) },
} as const;

async function guarded(variant: Variant, door: Door): Promise<Variant> {
  const { exploit: _exploit, expect: _expect, ...rest } = variant;
  const { file, lines } = settings[`${variant.product} ${door}` as keyof typeof settings];
  const before = variant.files[file] ?? "";
  const own = await lines();
  // m4 wants filters before the mailers; in main.cf the last of two settings counts.
  const text = before.includes("MAILER(`local')dnl") ? before.replace("MAILER(`local')dnl", `${own}$&`) : before + own;
  return { ...rest, name: `${variant.name}-${door}`, files: { ...variant.files, [file]: text }, truth: "closed" };
}

const places: Readonly<Record<Door, string>> = { policy: "127.0.0.1:10031", milter: "127.0.0.1:10033" };

async function startGuard(running: Lab, door: Door, ...more: readonly string[]) {
  const ready = `guard ${door} listens on ${places[door]} until Ctrl-C${more.includes("--observe") ? "; it only observes" : ""}.`;
  const argv = ["guard", door, "--listen", places[door], "--site", running.siteFile, "--no-store", "--log", "debug"];
  return running.start("mailerA", [process.execPath, cli, ...argv, ...more], ready);
}

async function check(running: Lab): Promise<{ readonly verdict: string; readonly says: string }> {
  const wait = Math.ceil(products[running.variant.product].settleMs / 1000);
  const ran = await running.exec(
    "world",
    [
      ...[process.execPath, cli, "check", "--site", running.siteFile, "--resolver", resolver, "--json", "--no-store"],
      ...["--wait", String(wait), ...(running.variant.checkOptions ?? [])],
    ],
    { timeoutMs: 150_000 },
  );
  const document = ran.stdout.startsWith("{") ? (JSON.parse(ran.stdout) as { verdict: string }) : null;
  return { verdict: document?.verdict ?? "none", says: `${ran.stderr}\n${ran.stdout.slice(0, 3000)}` };
}

const named = (variants: readonly Variant[], name: string): Variant => {
  const found = variants.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no variant ${name}`);
  return found;
};

for (const [variant, door] of [
  [named(postfixVariants, "postfix-everyone"), "policy"],
  [named(postfixVariants, "postfix-everyone"), "milter"],
  // What its own lists let through by a sender comes to the guard all the same.
  [named(postfixVariants, "postfix-local-sender"), "milter"],
  [named(postfixVariants, "postfix-ipv6-only"), "policy"],
  [named(sendmailVariants, "sendmail-promiscuous"), "milter"],
  [named(sendmailVariants, "sendmail-local-sender"), "milter"],
] as const) {
  test.concurrent(`${variant.name} behind guard ${door} is closed`, { timeout: 400_000 }, async ({ expect, skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    await inLab(await guarded(variant, door), async (running) => {
      await using guard = await startGuard(running, door);
      const seen = await observe(running);
      expect([seen.seen, seen.faults], guard.said()).toEqual(["closed", []]);
      for (const one of variant.listeners.filter(({ port }) => port === 25))
        expect(await insiderSends(running, one), guard.said()).toBe(null);
      const { verdict, says } = await check(running);
      expect(verdict, says).toBe("closed");
      expect(guard.said()).toContain('"reason":"relaying-denied"');
    });
  });
}

for (const [variant, door] of [
  [named(postfixVariants, "postfix-everyone"), "policy"],
  [named(postfixVariants, "postfix-everyone"), "milter"],
  [named(sendmailVariants, "sendmail-promiscuous"), "milter"],
] as const)
  test.concurrent(`${variant.name}: nobody gets through while guard ${door} is away`, { timeout: 400_000 }, async ({
    expect,
    skip,
  }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    const { seen, faults } = await inLab(await guarded(variant, door), observe);
    expect(seen).toBe("closed");
    // Honest mail is put off meanwhile: that is what failing closed means.
    const refused = faults.filter((fault) => fault.includes("refused"));
    expect(refused.length).toBeGreaterThan(0);
    for (const fault of refused) expect(fault).toMatch(/: 4\d\d /);
  });

test.concurrent("with --observe an open mailer stays open, and what would be refused is told", {
  timeout: 400_000,
}, async ({ expect, skip }) => {
  if (can !== undefined && process.env.CI !== "true") skip(can);
  expect(can).toBeUndefined();
  const variant = named(postfixVariants, "postfix-everyone");
  const { exploit } = variant;
  const open: Variant = {
    ...(await guarded(variant, "milter")),
    truth: "open",
    ...(exploit === undefined ? {} : { exploit }),
  };
  await inLab(open, async (running) => {
    await using guard = await startGuard(running, "milter", "--observe");
    const seen = await observe(running);
    expect(seen.seen, guard.said()).toBe("open");
    expect(guard.said()).toContain('"action":"would-refuse"');
  });
});
