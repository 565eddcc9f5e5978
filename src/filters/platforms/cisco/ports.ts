/**
 * Ports in entries: `eq 25 587`, `neq smtp`, `gt 1023`, `lt 1024`, `range 20 25`. Names are those of IOS, IOS-XR, NX-OS,
 * ASA and EOS together; where two of them give a name to different ports, none of those is 25.
 */
import type { Range } from "../../model.ts";
import { isNumber, type Words } from "./words.ts";

const names: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ acap: 674, "acr-nema": 104, afpovertcp: 548, aol: 5190, arns: 384, "asip-webadmin": 311, "at-rtmp": 201 },
    ...{ aurp: 387, auth: 113, bfd: 3784, "bfd-echo": 3785, bftp: 152, bgmp: 264, bgp: 179, biff: 512, bootpc: 68 },
    ...{ bootps: 67, capwap: 5247, chargen: 19, cifs: 3020, "cisco-tdp": 711, citadel: 504, "citrix-ica": 1494 },
    ...{ "commplex-link": 5001, comsat: 512, cmd: 514, "csnet-ns": 105, ctiqbe: 2748, daytime: 13, discard: 9 },
    ...{ "dhcp-failover2": 847, "dhcpv6-client": 546, "dhcpv6-server": 547, dnsix: 195, domain: 53, drip: 3949 },
    ...{ dsp: 33, echo: 7, efs: 520, epp: 700, "esro-gen": 259, exec: 512, finger: 79, ftp: 21, "ftp-data": 20 },
    ...{ ftps: 990, "ftps-data": 989, godi: 848, gopher: 70, "gtp-c": 2123, "gtp-u": 2152, h323: 1720 },
    ...{ hostname: 101, "hp-alarm-mgr": 383, http: 80, "http-alt": 591, "http-mgmt": 280, "http-rpc-epmap": 593 },
    ...{ https: 443, ident: 113, "ieee-mms-ssl": 695, imap: 143, imap3: 220, imap4: 143, imaps: 993, ipp: 631 },
    ...{ ipx: 213, irc: 194, "iris-beep": 702, isakmp: 500, iscsi: 3260, "iso-tsap": 102, kerberos: 88 },
    ...{ "kerberos-adm": 749, klogin: 543, kpasswd: 464, kshell: 544, "la-maint": 51, lanz: 50001, ldap: 389 },
    ...{ ldaps: 636, ldp: 646, lmp: 701, login: 513, lotusnotes: 1352, lpd: 515, "mac-srvr-admin": 660 },
    ...{ "matip-type-a": 350, "matip-type-b": 351, "micromuse-lm": 1534, mlag: 4432, "mobile-ip": 434, mpp: 218 },
    ...{ "ms-sql-m": 1434, "ms-sql-s": 1433, msdp: 639, "msexch-routing": 691, "msg-icp": 29, msp: 18, msrpc: 135 },
    ...{ nameserver: 42, nas: 991, ncp: 524, netbios: 137, "netbios-dgm": 138, "netbios-ns": 137 },
    ...{ "netbios-ss": 139, "netbios-ssn": 139, netwall: 533, "new-rwho": 550, nfs: 2049, nntp: 119, nntps: 563 },
    ...{ "non500-isakmp": 4500, "nsw-fe": 27, ntp: 123, odmr: 366, olsr: 698, "onep-plain": 15001, "onep-tls": 15002 },
    ...{ openvpn: 1194, "optima-vnet": 1051, "pcanywhere-data": 5631, "pcanywhere-status": 5632, pcmail: 158 },
    ...{ "pim-auto-rp": 496, "pkix-timestamp": 318, pop2: 109, pop3: 110, pop3s: 995, pptp: 1723, "print-srv": 170 },
    ...{ "ptp-event": 319, "ptp-general": 320, qmtp: 209, qotd: 17, radius: 1812, "radius-acct": 1813 },
    ...{ "re-mail-ck": 50, remotefs: 556, repcmd: 641, rip: 520, ripng: 521, rje: 5, rlp: 39, rlzdbase: 635, rmc: 657 },
    ...{ rmonitor: 560, rpc2portmap: 369, rsh: 514, rsync: 873, rtelnet: 107, rtsp: 554, "secureid-udp": 5510 },
    ...{ sgmp: 153, silc: 706, sip: 5060, smtp: 25, smux: 199, snagas: 108, snmp: 161, snmptrap: 162, snpp: 444 },
    ...{ sqlnet: 1521, sqlserv: 118, sqlsrv: 156, ssh: 22, submission: 587, sunrpc: 111, svrloc: 427, syslog: 514 },
    ...{ systat: 11, tacacs: 49, "tacacs-ds": 65, talk: 517, tbrpf: 712, tcpmux: 1, tcpnethaspsrv: 475, telnet: 23 },
    ...{ tftp: 69, time: 37, timed: 525, tunnel: 604, uucp: 540, "uucp-path": 117, vmnet: 175, vxlan: 4789 },
    ...{ who: 513, whoami: 565, whois: 43, www: 80, xdmcp: 177, "xns-ch": 54, "xns-mail": 58, "xns-time": 52 },
    ...{ z3950: 210 },
  }),
);

export const lastPort = 65535;

/** The number of a port or its name; null: neither. */
export function portOf(word: string): number | null {
  if (isNumber(word)) return Number(word) <= lastPort ? Number(word) : null;
  return names.get(word.toLowerCase()) ?? null;
}

export const portOperators: readonly string[] = ["eq", "neq", "gt", "lt", "range"];

/** A condition on ports if one stands next; undefined: any port. A port that is not known may be any. */
export function readPorts(words: Words): readonly Range[] | undefined {
  if (!portOperators.includes(words.peek())) return undefined;
  const operator = words.next().toLowerCase();
  const first = readPort(words);
  switch (operator) {
    case "eq":
    case "neq": {
      const ports = [first];
      while (!words.done && portOf(words.peek()) !== null) ports.push(readPort(words));
      if (ports.includes(null)) return undefined;
      const ranges = ports.flatMap((port) => (port === null ? [] : [{ first: port, last: port }]));
      return operator === "eq" ? ranges : complement(ranges);
    }
    case "gt":
      return first === null ? undefined : first === lastPort ? [] : [{ first: first + 1, last: lastPort }];
    case "lt":
      return first === null ? undefined : first === 0 ? [] : [{ first: 0, last: first - 1 }];
    default: {
      if (words.peek() === "-") words.skip(1);
      const last = readPort(words);
      if (first === null || last === null) return undefined;
      return [{ first: Math.min(first, last), last: Math.max(first, last) }];
    }
  }
}

function readPort(words: Words): number | null {
  const word = words.next();
  const port = portOf(word);
  if (port === null) words.problems.push(word === "" ? "a port is missing" : `port "${word}" is not known`);
  return port;
}

/** All ports but these. */
export function complement(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  const left: Range[] = [];
  let next = 0;
  for (const { first, last } of sorted) {
    if (first > next) left.push({ first: next, last: first - 1 });
    next = Math.max(next, last + 1);
  }
  if (next <= lastPort) left.push({ first: next, last: lastPort });
  return left;
}
