/** The demonstration, and the practice mailer as a command. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addPractice } from "../../src/cli/commands/practice.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
import { behaviours } from "../../src/practice/behaviours.ts";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { memoryDrop } from "../../src/store/store.ts";
import { type DemoEvent, type DemoPorts, demoTask } from "../../src/tasks/demo.ts";
import { catalogue } from "./rehearse.ts";

const ports: DemoPorts = {
  dialer: tcpDialer,
  listener: tcpListener(),
  mailerListener: tcpListener(practiceCertificate),
  clock: systemClock,
  random: systemRandom,
  newDrop: memoryDrop,
};

const never = new AbortController().signal;

test("the demo finds the hole, and finds it mended", async () => {
  const events: DemoEvent[] = [];
  for await (const event of demoTask(await catalogue(), ports, never)) events.push(event);
  const checked = events.flatMap((event) =>
    event.kind === "checked" ? [`${event.form}: ${event.document.verdict}`] : [],
  );
  expect(checked).toEqual(["open: open", "closed: closed"]);
  expect(events.at(-1)).toEqual({ kind: "end", asExpected: true, interrupted: false });
});

test("an interrupted demo says so", async () => {
  const stop = new AbortController();
  const events: DemoEvent[] = [];
  for await (const event of demoTask(await catalogue(), ports, stop.signal)) {
    events.push(event);
    if (event.kind === "progress") stop.abort(new Error("interrupted"));
  }
  expect(events.at(-1)).toEqual({ kind: "end", asExpected: false, interrupted: true });
});

test("the behaviours can be listed", () => {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [main, "practice", "--list", "--json"], {
    encoding: "utf8",
    timeout: 15_000,
  });
  expect(status).toBe(0);
  const listed = JSON.parse(stdout) as { behaviours: readonly { id: string }[] };
  expect(listed.behaviours.map(({ id }) => id)).toEqual(behaviours.map(({ id }) => id));
});

for (const [words, says] of [
  [["--listen", "192.0.2.25:25"], "address of loopback"],
  [["--listen", "0.0.0.0:2525"], "address of loopback"],
  [["--route", "catch.example=192.0.2.1:25"], "never leaves this machine"],
  [["--behaviour", "percent-hak"], "Did you mean percent-hack?"],
] as const)
  test(`practice ${words.join(" ")} is refused`, async () => {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addPractice(program);
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    await expect(program.parseAsync(["practice", ...words], { from: "user" })).rejects.toThrow(says);
  });
