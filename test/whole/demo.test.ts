/** The demonstration, and the practice mailer as a command. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
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

function run(...words: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "practice", ...words], {
    encoding: "utf8",
    timeout: 15_000,
  });
  return { code: status, out: stdout, err: stderr };
}

test("the behaviours can be listed, as text and as JSON", () => {
  const listed = JSON.parse(run("--list", "--json").out) as { behaviours: { id: string; truth: string }[] };
  expect(listed.behaviours).toContainEqual(expect.objectContaining({ id: "percent-hack", truth: "relays" }));
  const { out } = run("--list");
  for (const { id } of listed.behaviours) expect(out).toContain(id);
});

for (const [words, says] of [
  [["--listen", "192.0.2.25:25"], "address of loopback"],
  [["--listen", "0.0.0.0:2525"], "address of loopback"],
  [["--route", "catch.example=192.0.2.1:25"], "never leaves this machine"],
  [["--behaviour", "percent-hak"], "Did you mean percent-hack?"],
] as const)
  test(`practice ${words.join(" ")} is refused`, () => {
    const { code, err } = run(...words);
    expect(code).toBe(64);
    expect(err).toContain(says);
  });
