import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { filterDocumentSchema, queryDocumentSchema } from "../../src/filters/result.ts";
import { renderSchema } from "../../src/report/results/filters.ts";
import { fencepost, newFolder } from "./run.ts";

vi.setConfig({ testTimeout: 90_000 });

const site =
  'name: Our College\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24, "2001:db8:25::/48"]\nmailers: [{name: mx, addresses: [192.0.2.25], ports: [25]}]\n';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries({ "site.yaml": site, ...files })) writeFileSync(join(folder, name), text);
  return folder;
}

test("what is written is proved, recorded and shown again; what is taken out of it is a hole", async () => {
  const cwd = folderWith({});
  const written = await fencepost(["filters", "render", "--platform", "ios", "--interface", "Gi0/1"], { cwd });
  expect([written.code, written.err]).toEqual([0, expect.stringMatching(/Read back and proved: exact/)]);
  writeFileSync(join(cwd, "filter.txt"), written.out);
  const proof = await fencepost(
    ["filters", "prove", "filter.txt", "--platform", "ios", "--interface", "Gi0/1", "--json"],
    { cwd },
  );
  const document = filterDocumentSchema.parse(JSON.parse(proof.out));
  expect([proof.code, document.verdict, document.findings]).toEqual([0, "exact", []]);
  const again = await fencepost(["history", "latest", "--json"], { cwd });
  expect(JSON.parse(again.out)).toEqual(document);

  writeFileSync(join(cwd, "torn.txt"), written.out.replace(/^.*deny tcp any 192.*\n/m, ""));
  const torn = await fencepost(
    ["filters", "prove", "torn.txt", "--platform", "ios", "--interface", "Gi0/1", "--baseline", "filter.txt", "--json"],
    { cwd },
  );
  const holes = filterDocumentSchema.parse(JSON.parse(torn.out));
  expect([torn.code, holes.verdict, holes.othersUnchanged]).toEqual([1, "holes", true]);
  expect(holes.holes[0]).toMatchObject({
    destination: "192.0.2.7",
    line: { text: expect.stringMatching(/permit ip/) },
  });
});

test("a query answers with the line", async () => {
  const cwd = folderWith({
    "list.txt": "access-list 101 deny tcp any 192.0.2.0 0.0.0.255 eq smtp\naccess-list 101 permit ip any any\n",
  });
  const ask = (...args: string[]) =>
    fencepost(["filters", "query", "list.txt", "--platform", "ios", "--name", "101", "--in", "--json", ...args], {
      cwd,
    });
  const denied = await ask("--src", "203.0.113.9", "--dst", "192.0.2.7", "--port", "25");
  expect(denied.code).toBe(0);
  expect(queryDocumentSchema.parse(JSON.parse(denied.out))).toMatchObject({ action: "deny", line: 1 });
  const icmp = await ask("--src", "203.0.113.9", "--dst", "192.0.2.7", "--proto", "icmp");
  expect(JSON.parse(icmp.out)).toMatchObject({ action: "permit", line: 2 });
  const portless = await ask("--src", "203.0.113.9", "--dst", "192.0.2.7");
  expect([portless.code, portless.err]).toEqual([64, expect.stringMatching(/--port 25/)]);
});

test("--all writes one for every platform, with its rollback", async () => {
  const cwd = folderWith({});
  const ran = await fencepost(["filters", "render", "--all", "out", "--json"], { cwd });
  const { filters } = renderSchema.parse(JSON.parse(ran.out));
  expect(filters.length).toBe(17);
  for (const { platform, proof, text } of filters) {
    expect(proof.verdict, platform).toBe("exact");
    expect(readFileSync(join(cwd, "out", `${platform}.txt`), "utf8")).toBe(text);
    expect(existsSync(join(cwd, "out", `${platform}.rollback.txt`))).toBe(true);
  }
});

test("conditions of use name the networks and whom to ask", async () => {
  const cwd = folderWith({ "site.yaml": `${site}contacts: {postmaster: postmaster@ourcollege.example}\n` });
  const text = await fencepost(["filters", "conditions"], { cwd });
  expect(text.out).toMatch(/192\.0\.2\.0\/24[\s\S]*postmaster@ourcollege\.example/);
  const page = await fencepost(["filters", "conditions", "--format", "html"], { cwd });
  expect(page.out).toMatch(/^<!doctype html>/);
});

test("wrong input says what to do", async () => {
  const cwd = folderWith({ "hello.txt": "hello\n" });
  for (const [args, code, says] of [
    [["prove", "hello.txt", "--platform", "ios"], 65, /no packet filter/],
    [["prove", "none.txt", "--platform", "ios"], 66, /no such file/],
    [["prove", "hello.txt", "--platform", "ioos"], 64, /Did you mean ios/],
    [["render"], 64, /--platform or --all/],
    [["render", "--platform", "ios", "--interface", "a\nb"], 64, /is no name for an interface/],
  ] as const) {
    const ran = await fencepost(["filters", ...args], { cwd });
    expect([ran.code, ran.out, ran.err], args.join(" ")).toEqual([code, "", expect.stringMatching(says)]);
  }
});
