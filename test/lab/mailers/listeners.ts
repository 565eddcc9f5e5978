// The usual sets of listeners, so that a variant's row shows only what is special about it.
import { mailerA, mailerB } from "../addresses.ts";
import type { PortListener } from "../variant.ts";

/** A port of mailer A, over IPv4 and IPv6. 587 is a submission port, every other one takes mail from the world. */
export function onBoth(port: number, more: Partial<PortListener> = {}): readonly PortListener[] {
  return [mailerA.v4, mailerA.v6].map((address) => ({
    address,
    port,
    role: port === 587 || port === 465 ? "submission" : "mx",
    ...more,
  }));
}

/** Port 25 of the second mailer. */
export const onSecond: readonly PortListener[] = [mailerB.v4, mailerB.v6].map((address) => ({
  address,
  port: 25,
  role: "mx",
}));

/** What a stranger's plain session is made of; a variant's exploit changes one thing in it. */
export const plain = {
  address: mailerA.v4,
  port: 25,
  helo: "host9.isp.example",
  mailFrom: "lab@sender.fencepost-tests.example",
  rcptTo: "{token}@elsewhere.example",
} as const;
