/**
 * Reading an abuse mailbox: reports a second and peak memory on an mbox of 10,000 reports, and on one message of 100 MB;
 * beside plain loops of mailparser and postal-mime, which only parse. Each in a process of its own.
 *
 *     npm run bench:complaints
 */
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
import { complaints } from "../src/complaints/complaints.ts";
import { limits } from "../src/complaints/limits.ts";
import { systemClock } from "../src/io/clock.ts";
import { readMailbox } from "../src/io/mailbox.ts";
import { MboxSplitter } from "../src/io/mbox.ts";
import { parseSite } from "../src/site/site.ts";
import { arf, plain, relayedHeader } from "../test/complaints/mails.ts";

const who = ["fencepost", "mailparser", "postal-mime"] as const;
const messages = 10_000;

const siteText = `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24]
mailers: [{ name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25], ports: [25] }]
`;

/** Half feedback reports, a quarter SpamCop, a quarter people; 40 lines of spam each, as most are. */
async function writeMailbox(path: string): Promise<void> {
  await using file = await open(path, "w");
  const spam = Array.from(
    { length: 40 },
    (_, at) => `Line ${at}: buy now, pay later, tell nobody about our wonderful offer.`,
  );
  for (let at = 0; at < messages; at += 1) {
    const original = relayedHeader.map((line) => line.replace("8787@", `${at}@`));
    const report =
      at % 4 < 2
        ? arf(["Source-IP: 192.0.2.25", "Arrival-Date: Tue, 24 Nov 2026 07:00:05 +0000"], [...original, "", ...spam])
        : at % 4 === 2
          ? plain(
              [`Subject: [SpamCop (192.0.2.25) id:${at}]You have won`, "Precedence: list"],
              [
                "[ SpamCop V5.4.0 ]",
                "Email from 192.0.2.25 / Tue, 24 Nov 2026 07:00:05 +0000",
                "",
                "[ Offending message ]",
                ...original,
                "",
                ...spam,
              ],
            )
          : plain(
              ["Subject: spam from your server"],
              ["Please stop this. Headers:", "", ...original.map((line) => `> ${line}`), "", ...spam],
            );
    await file.write(
      `From bob@victim.example Tue Nov 24 09:00:00 2026\n${report.toString("latin1").replaceAll("\r\n", "\n")}\n\n`,
    );
  }
}

async function writeHuge(path: string): Promise<void> {
  await using file = await open(path, "w");
  await file.write(arf().toString("latin1").replace("--=_b--", ""));
  const line = `${"QUJD".repeat(19)}\r\n`.repeat(1000);
  await file.write(
    '--=_b\r\nContent-Type: application/octet-stream; name="disk.img"\r\nContent-Transfer-Encoding: base64\r\n\r\n',
  );
  for (let written = 0; written < 100 * 1024 * 1024; written += line.length) await file.write(line);
  await file.write("\r\n--=_b--\r\n");
}

async function parse(path: string, read: (bytes: Buffer) => Promise<unknown>): Promise<number> {
  const splitter = new MboxSplitter(1024 * 1024 * 1024);
  let count = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }))
    for (const { bytes } of splitter.push(chunk as Buffer)) {
      await read(bytes);
      count += 1;
    }
  for (const { bytes } of splitter.end()) {
    await read(bytes);
    count += 1;
  }
  return count;
}

async function ours(path: string): Promise<number> {
  const site = parseSite(siteText, "site.yaml");
  if (!site.ok) throw new Error("the site of the bench is wrong");
  const { signal } = new AbortController();
  const input = { site: site.site, messages: readMailbox(path, limits.messageBytes, signal), assessments: [] };
  for await (const event of complaints(input, { clock: systemClock }, signal))
    if (event.kind === "result") return event.result.reports.filter((report) => report.mailer === "mx1").length;
  return 0;
}

const runs: Readonly<Record<(typeof who)[number], (path: string) => Promise<number>>> = {
  fencepost: ours,
  mailparser: (path) => parse(path, (bytes) => simpleParser(bytes)),
  "postal-mime": (path) => parse(path, (bytes) => PostalMime.parse(bytes, { forceRfc822Attachments: true })),
};

const [, , name, path] = process.argv;
if (name !== undefined && path !== undefined) {
  const began = performance.now();
  const count = await runs[name as (typeof who)[number]](path);
  const ms = performance.now() - began;
  console.log(JSON.stringify({ count, ms, mb: process.resourceUsage().maxRSS / 1024 }));
} else {
  const folder = await mkdtemp(join(tmpdir(), "complaints-bench-"));
  try {
    const mailbox = join(folder, "abuse.mbox");
    const huge = join(folder, "huge.eml");
    await writeMailbox(mailbox);
    await writeHuge(huge);
    console.log(
      "fencepost reads, ties and judges; the others only parse. found: reports tied to the mailer, or messages parsed",
    );
    for (const [title, file, count] of [
      [`mbox of ${messages} reports`, mailbox, messages],
      ["one message of 100 MB", huge, 1],
    ] as const)
      for (const one of who) {
        const ran = spawnSync(process.execPath, [fileURLToPath(import.meta.url), one, file], { encoding: "utf8" });
        const [line = ""] = ran.stdout.split("\n");
        if (line === "") {
          console.log(
            `${title.padEnd(24)} ${one.padEnd(12)} failed: ${ran.stderr.split("\n").find((text) => /Error/.test(text)) ?? ran.signal}`,
          );
          continue;
        }
        const { count: found, ms, mb } = JSON.parse(line) as { count: number; ms: number; mb: number };
        console.log(
          `${title.padEnd(24)} ${one.padEnd(12)} ${(ms / 1000).toFixed(2).padStart(7)} s  ${(count / (ms / 1000)).toFixed(0).padStart(6)} a second  peak ${mb.toFixed(0).padStart(5)} MB  found ${found} of ${count}`,
        );
      }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
