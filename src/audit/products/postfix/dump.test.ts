import { expect, test } from "vitest";
import { treeOf } from "../../tree.ts";
import { partsOfDump } from "./dump.ts";
import { readPostfix } from "./postfix.ts";

const dump = `compatibility_level = 3.6
mydestination = ours.example
mynetworks = 127.0.0.0/8
smtp       inet  n       -       y       -       -       smtpd
submission inet  n       -       y       -       -       smtpd
    -o syslog_name=postfix/submission
    -o smtpd_relay_restrictions=permit
pickup     unix  n       -       y       60      1       pickup
submission/inet/syslog_name = postfix/submission
submission/inet/smtpd_relay_restrictions = permit
`;

test("a dump of settings and services is read as both, each line where it stands", () => {
  const { main, master } = partsOfDump(dump);
  expect(main.split("\n").slice(0, 4)).toEqual([...dump.split("\n").slice(0, 3), ""]);
  expect(master?.split("\n")[3]).toMatch(/^smtp /);
  const read = readPostfix(treeOf("/tmp", { "/tmp/dump.txt": dump }), null);
  expect(read?.listeners.map(({ port }) => port)).toEqual([25, 587]);
  expect(read?.listeners[1]?.where?.start.line).toBe(5);
  expect(read?.unreadable).toEqual([]);
});

test("settings alone have no services", () => {
  expect(partsOfDump(dump.split("\n").slice(0, 3).join("\n")).master).toBeNull();
});
