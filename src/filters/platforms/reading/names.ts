/** Names of ports and protocols that devices know, as numbers. A name that is not here is reported, never guessed. */
import type { Range } from "../../model.ts";

/** From IANA's registry, and the devices' own spellings of its names. */
const ports: Readonly<Record<string, number>> = {
  ...{
    echo: 7,
    discard: 9,
    daytime: 13,
    chargen: 19,
    "ftp-data": 20,
    ftp: 21,
    ssh: 22,
    telnet: 23,
    smtp: 25,
    time: 37,
  },
  ...{ nameserver: 42, whois: 43, tacacs: 49, domain: 53, dns: 53, "tacacs-ds": 65, bootps: 67, dhcp: 67, bootpc: 68 },
  ...{ tftp: 69, gopher: 70, finger: 79, www: 80, http: 80, "kerberos-sec": 88, dnsix: 90, hostname: 101, pop2: 109 },
  ...{ pop3: 110, sunrpc: 111, ident: 113, nntp: 119, ntp: 123, "netbios-ns": 137, "netbios-dgm": 138 },
  ...{ "netbios-ssn": 139, imap: 143, snmp: 161, snmptrap: 162, xdmcp: 177, bgp: 179, irc: 194, ldap: 389 },
  ...{ "mobileip-agent": 434, "mobilip-ag": 434, "mobilip-mn": 435, https: 443, snpp: 444, exec: 512, biff: 512 },
  ...{
    login: 513,
    who: 513,
    cmd: 514,
    syslog: 514,
    printer: 515,
    lpd: 515,
    talk: 517,
    ntalk: 518,
    rip: 520,
    timed: 525,
  },
  ...{ uucp: 540, klogin: 543, kshell: 544, submission: 587, msdp: 639, ldp: 646, "krb-prop": 754, krbupdate: 760 },
  ...{ kpasswd: 761, twamp: 862, imaps: 993, pop3s: 995, socks: 1080, afs: 1483, radius: 1812, radacct: 1813 },
  ...{ pptp: 1723, nfsd: 2049, "zephyr-clt": 2103, "zephyr-hm": 2104, eklogin: 2105, ekshell: 2106, rkinit: 2108 },
  ...{ cvspserver: 2401, smtps: 465 },
};

const protocols: Readonly<Record<string, number>> = {
  ...{
    "hop-by-hop": 0,
    icmp: 1,
    igmp: 2,
    ggp: 3,
    ipip: 4,
    ipinip: 4,
    "ip-encap": 4,
    ipencap: 4,
    st: 5,
    tcp: 6,
    egp: 8,
  },
  ...{ igp: 9, pup: 12, udp: 17, hmp: 20, "xns-idp": 22, rdp: 27, "iso-tp4": 29, dccp: 33, xtp: 36, ddp: 37 },
  ...{ "idpr-cmtp": 38, ipv6: 41, routing: 43, "ipv6-route": 43, fragment: 44, "ipv6-frag": 44, rsvp: 46, gre: 47 },
  ...{
    esp: 50,
    "ipsec-esp": 50,
    ah: 51,
    "ipsec-ah": 51,
    icmp6: 58,
    icmpv6: 58,
    "no-next-header": 59,
    "ipv6-nonxt": 59,
  },
  ...{ dstopts: 60, "ipv6-opts": 60, rspf: 73, vmtp: 81, eigrp: 88, ospf: 89, etherip: 97, encap: 98, pim: 103 },
  ...{ vrrp: 112, l2tp: 115, sctp: 132, "udp-lite": 136 },
};

/** `25`, `smtp`, `20-25`; null: not a port that is known. */
export function portsOf(text: string): Range | null {
  return numbersOf(text, ports, 65535);
}

/** `6`, `tcp`; null: not a protocol that is known. */
export function protocolsOf(text: string): Range | null {
  return numbersOf(text, protocols, 255);
}

/** A number, a name from the table, or two of them with a dash between, which names may have too. */
export function numbersOf(text: string, table: Readonly<Record<string, number>>, largest: number): Range | null {
  const one = numberOf(text, table, largest);
  if (one !== null) return { first: one, last: one };
  const dash = text.indexOf("-", 1);
  if (dash < 0) return null;
  const first = numberOf(text.slice(0, dash), table, largest);
  const last = numberOf(text.slice(dash + 1), table, largest);
  return first === null || last === null || first > last ? null : { first, last };
}

function numberOf(text: string, table: Readonly<Record<string, number>>, largest: number): number | null {
  if (/^\d{1,6}$/.test(text)) return Number(text) <= largest ? Number(text) : null;
  const key = text.toLowerCase();
  return Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}
