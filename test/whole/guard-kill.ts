// Kills the guard, the mailer behind it, or both at random moments under load, and starts them again. What a client was
// told 250 for must have arrived; no stranger may have reached a stranger; a client hears 250, 4xx, or nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Talk } from "../fakes/talk.ts";

const guard = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const mailer = fileURLToPath(new URL("../fakes/durable-mailer.ts", import.meta.url));

export interface KillOutcome {
  readonly rounds: number;
  /** Messages for which a client was told 250, and of these how many never arrived. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** Recipients that are nobody's here and still reached the mailer. */
  readonly relayed: readonly string[];
  /** Replies to honest mail that were neither 2xx, 354 nor 4xx. */
  readonly wrong: readonly string[];
  /** Messages that a client could not hand over, and tried no more. */
  readonly putOff: number;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function started(argv: readonly string[], ready: RegExp, cwd: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, argv, {
    cwd,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(cwd, "compiled") },
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk) => {
      said += String(chunk);
      if (ready.test(said)) resolve();
    });
    child.once("exit", (code) => reject(new Error(`${argv[0]} ended with ${code} before it was ready`)));
  });
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** @param from the first of the two ports it uses. */
export async function killRounds(rounds: number, seed: number, from: number): Promise<KillOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-kill-"));
  const [front, behind] = [from, from + 1];
  writeFileSync(join(folder, "site.yaml"), "name: x\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\n");
  const startMailer = () => started([mailer, String(behind), folder], /ready/, folder);
  // Clients come from loopback, which is this machine's own: a PROXY header makes them strangers.
  const startGuard = () =>
    started(
      [
        ...[guard, "guard", "proxy", "--listen", `127.0.0.1:${front}`, "--upstream", `127.0.0.1:${behind}`],
        ...["--site", "site.yaml", "--no-store", "--log", "off", "--accept-proxy", "127.0.0.1"],
      ],
      /listens/,
      folder,
    );
  const random = seeded(seed);
  const acknowledged: string[] = [];
  const wrong: string[] = [];
  let putOff = 0;
  let over = false;
  let next = 0;

  async function client(): Promise<void> {
    while (!over) {
      const id = `m${next++}.${seed}`;
      const replies: string[] = [];
      try {
        using talk = new Talk(front);
        talk.send("PROXY TCP4 203.0.113.9 192.0.2.25 4711 25\r\n");
        const lines = ["EHLO c.example", "MAIL FROM:<a@out.example>", "RCPT TO:<b@ourcollege.example>"];
        let last = await talk.reply();
        for (const line of lines) if (/^2/.test(last)) [last = ""] = await talk.say(line);
        if (/^2/.test(last)) {
          // A stranger for a stranger: this one must never be taken.
          const [refused = ""] = await talk.say("RCPT TO:<thief@elsewhere.example>");
          if (/^2/.test(refused)) wrong.push(`thief: ${refused}`);
          [last = ""] = refused === "closed" ? [refused] : await talk.say("DATA");
        }
        if (last === "354") {
          talk.send(`Message-ID: <${id}>\r\n\r\n${"A line of mail.\r\n".repeat(50)}.\r\n`);
          last = (await talk.reply()).slice(0, 3);
          if (last === "250") acknowledged.push(id);
        }
        replies.push(last);
      } catch {
        replies.push("closed");
      }
      const end = replies.at(-1) ?? "closed";
      if (end === "250") continue;
      putOff += 1;
      // "clo": closed, cut as replies are.
      if (!/^(4\d\d|clo)/.test(end)) wrong.push(end);
      await wait(20);
    }
  }

  let [one, two] = await Promise.all([startMailer(), startGuard()]);
  const clients = Array.from({ length: 8 }, client);
  try {
    for (let round = 0; round < rounds; round += 1) {
      await wait(50 + random() * 250);
      const which = random();
      const mailerDies = which < 0.67;
      const guardDies = which > 0.33;
      await Promise.all([...(mailerDies ? [killed(one)] : []), ...(guardDies ? [killed(two)] : [])]);
      await Promise.all([
        mailerDies ? startMailer().then((child) => (one = child)) : null,
        guardDies ? startGuard().then((child) => (two = child)) : null,
      ]);
    }
    await wait(300);
    over = true;
    await Promise.all(clients);
  } finally {
    over = true;
    await Promise.all([killed(one), killed(two)]);
  }
  const file = join(folder, "arrived");
  const arrived = existsSync(file) ? readFileSync(file, "latin1").split("\n").filter(Boolean) : [];
  const ids = new Set(arrived.map((line) => line.split(" ")[0] ?? ""));
  rmSync(folder, { recursive: true, force: true });
  return {
    rounds,
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !ids.has(id)),
    relayed: arrived.filter((line) => line.includes("elsewhere")),
    wrong,
    putOff,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? "200");
  const outcome = await killRounds(rounds, Number(process.argv[3] ?? "1"), 24_610);
  console.log(JSON.stringify(outcome));
  process.exitCode = outcome.lost.length + outcome.relayed.length + outcome.wrong.length === 0 ? 0 : 1;
}
