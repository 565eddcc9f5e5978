/** The peer: nmap's `smtp-open-relay` script, run from the place where our tester runs. */
import type { Lab } from "../test/lab/lab.ts";

export interface Theirs {
  readonly verdict: "open" | "closed" | "none";
  readonly ms: number;
  readonly says: string;
}

/** nmap's smtp-open-relay script, its sixteen pairs, with our catch domain as the outside one. */
export async function nmap(lab: Lab, address: string, port: number): Promise<Theirs> {
  const began = performance.now();
  const ran = await lab.peer([
    "nmap",
    ...(address.includes(":") ? ["-6"] : []),
    ...["-Pn", "-n", "-sT", "-p", String(port), "--script", "+smtp-open-relay"],
    ...[
      "--script-args",
      "smtp-open-relay.domain=catch.fencepost-tests.example,smtp-open-relay.to=relaytest,smtp-open-relay.from=relaytest",
    ],
    address,
  ]);
  const ms = performance.now() - began;
  const says = /\|_?\s*smtp-open-relay:\s*(.*)/.exec(ran.stdout)?.[1]?.trim() ?? "nothing";
  const verdict = /is an open relay/i.test(says)
    ? "open"
    : /isn't an open relay|doesn't seem to be an open relay/i.test(says)
      ? "closed"
      : "none";
  return { verdict, ms, says };
}
