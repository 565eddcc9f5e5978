/** Applications that Junos on SRX defines itself ("Predefined policy applications"). Those that are not here are reported. */
import type { Condition } from "../reading/conditions.ts";

const tcp: Readonly<Record<string, readonly (number | readonly [number, number])[]>> = {
  ...{
    aol: [[5190, 5193]],
    bgp: [179],
    cvspserver: [2401],
    "dns-tcp": [53],
    finger: [79],
    ftp: [21],
    "ftp-data": [20],
  },
  ...{
    gopher: [70],
    http: [80],
    "http-ext": [7001],
    https: [443],
    ident: [113],
    imap: [143],
    imaps: [993],
    ldap: [389],
  },
  ...{ "ldp-tcp": [646], lpr: [[515, 515]], mail: [25], "ms-rpc-tcp": [135], "ms-rpc-epm": [135], "ms-sql": [1433] },
  ...{
    msn: [1863],
    "netbios-session": [139],
    nntp: [119],
    nsm: [[7800, 7801]],
    pop3: [110],
    pptp: [1723],
    printer: [515],
  },
  ...{ rdp: [3389], rsh: [514], rtsp: [554], sccp: [2000], smb: [139, 445], "smb-session": [445], smtp: [25] },
  ...{ smtps: [465, 587], "sqlnet-v1": [1525], "sqlnet-v2": [1521], ssh: [22], "stun-tcp": [[3478, 3479]] },
  ...{ "sun-rpc-tcp": [111], "sun-rpc-portmap-tcp": [111], tacacs: [49], "tacacs-ds": [65], "tcp-any": [[0, 65535]] },
  ...{ telnet: [23], uucp: [540], vnc: [[5800, 5800]], wais: [210], whois: [43], winframe: [1494] },
  ...{ "x-windows": [[6000, 6063]], "xnm-clear-text": [3221], "xnm-ssl": [3220], ymsg: [5050] },
};

const udp: Readonly<Record<string, readonly (number | readonly [number, number])[]>> = {
  ...{ biff: [512], bootpc: [68], bootps: [67], chargen: [19], "dhcp-client": [68], "dhcp-relay": [67] },
  ...{ "dhcp-server": [67], discard: [9], "dns-udp": [53], echo: [7], gnutella: [[6346, 6347]], "gprs-gtp-c": [2123] },
  ...{ "gprs-gtp-u": [2152], "gprs-gtp-v0": [3386], gtp: [2123], ike: [500], "ike-nat": [4500], l2tp: [1701] },
  ...{ "ldp-udp": [646], "mgcp-ca": [2727], "mgcp-ua": [2427], "ms-rpc-udp": [135], nbds: [138], nbname: [137] },
  ...{ nfs: [111, 2049], "nfsd-udp": [2049], ntalk: [[517, 518]], ntp: [123], "pc-anywhere": [5632], radacct: [1813] },
  ...{ radius: [1812], rip: [520], "sql-monitor": [1434], "stun-udp": [[3478, 3479]], "sun-rpc-udp": [111] },
  ...{
    "sun-rpc-portmap-udp": [111],
    syslog: [514],
    talk: [[517, 518]],
    tftp: [69],
    "udp-any": [[0, 65535]],
    who: [513],
  },
};

const others: Readonly<Record<string, number>> = {
  ...{
    "icmp-all": 1,
    "icmp-ping": 1,
    ping: 1,
    "icmp6-all": 58,
    pingv6: 58,
    "icmp6-echo-request": 58,
    gre: 47,
    ospf: 89,
  },
  ...{ "icmp6-echo-reply": 58, "gprs-sctp": 132, "sctp-any": 132 },
};

/** Both protocols. */
const both: Readonly<Record<string, number>> = { sip: 5060, r2cp: 28672 };

const ranges = (ports: readonly (number | readonly [number, number])[]) =>
  ports.map((one) => (typeof one === "number" ? { first: one, last: one } : { first: one[0], last: one[1] }));

/** The application `junos-…`; null: it is not in the table. */
export function predefined(name: string): Condition | null {
  const short = name.replace(/^junos-/, "");
  const own = <T>(table: Readonly<Record<string, T>>): T | undefined =>
    Object.hasOwn(table, short) ? table[short] : undefined;
  const [t, u, o, b] = [own(tcp), own(udp), own(others), own(both)];
  if (t !== undefined) return [{ protocols: [{ first: 6, last: 6 }], destinationPorts: ranges(t) }];
  if (u !== undefined) return [{ protocols: [{ first: 17, last: 17 }], destinationPorts: ranges(u) }];
  if (o !== undefined) return [{ protocols: [{ first: o, last: o }] }];
  if (b !== undefined)
    return [6, 17].map((protocol) => ({
      protocols: [{ first: protocol, last: protocol }],
      destinationPorts: ranges([b]),
    }));
  if (short.startsWith("icmp6-")) return [{ protocols: [{ first: 58, last: 58 }], unsure: name }];
  // RPC and its kin start at one port and go on at others that are told in the session.
  if (/^(ms|sun)-rpc-/.test(short) || short === "h323")
    return [
      {
        protocols: [
          { first: 6, last: 6 },
          { first: 17, last: 17 },
        ],
        destinationPorts: ranges([
          [1, 24],
          [26, 65535],
        ]),
        unsure: name,
      },
    ];
  return null;
}

/** Sets of applications that Junos defines itself. */
export const predefinedSets: Readonly<Record<string, readonly string[]>> = {
  "junos-cifs": ["junos-netbios-session", "junos-smb-session"],
  "junos-mgcp": ["junos-mgcp-ua", "junos-mgcp-ca"],
  "junos-ms-rpc": ["junos-ms-rpc-tcp", "junos-ms-rpc-udp"],
  "junos-sun-rpc": ["junos-sun-rpc-tcp", "junos-sun-rpc-udp"],
  "junos-stun": ["junos-stun-tcp", "junos-stun-udp"],
  "junos-routing-inbound": ["junos-bgp", "junos-rip", "junos-ldp-tcp", "junos-ldp-udp"],
};
