/**
 * Default ports of applications, for `service application-default` (from knowledge of the App-ID catalogue, not checked
 * against a device; an application that is not here may use any port). What is a protocol of its own shows itself at
 * once: there App-ID has nothing to wait for.
 */
import type { Match, Range } from "../../model.ts";
import { only } from "../reading/conditions.ts";

const tcp: Readonly<Record<string, readonly (number | Range)[]>> = {
  ...{
    smtp: [25, 587],
    "web-browsing": [80],
    ssl: [443],
    ssh: [22],
    telnet: [23],
    ftp: [21],
    imap: [143],
    pop3: [110],
  },
  ...{ "ms-rdp": [3389], "ms-ds-smb": [139, 445], "ms-ds-smb-base": [139, 445], bgp: [179], ldap: [389, 3268] },
  ...{
    mysql: [3306],
    "mssql-db": [1433],
    postgres: [5432],
    whois: [43],
    rsync: [873],
    nntp: [119],
    "tacacs-plus": [49],
  },
  ...{ pptp: [1723], vnc: [5800, 5900], "vnc-base": [5800, 5900], jabber: [5222, 5223, 5269], git: [9418] },
  ...{ "google-base": [80, 443], "ms-update": [80, 443], "facebook-base": [80, 443], "youtube-base": [80, 443] },
  ...{ "office365-base": [80, 443], "ms-office365-base": [80, 443], "windows-azure-base": [80, 443], ocsp: [80] },
  ...{
    "paloalto-updates": [443],
    "panos-web-interface": [443],
    "panos-global-protect": [443],
    "apple-update": [80, 443],
  },
  ...{ "github-base": [80, 443, 22], "amazon-aws-console": [443], "http-proxy": [3128, 8080], "http-video": [80] },
};

const udp: Readonly<Record<string, readonly (number | Range)[]>> = {
  ...{
    ntp: [123],
    "ntp-base": [123],
    dhcp: [67, 68],
    tftp: [69],
    syslog: [514],
    ike: [500, 4500],
    radius: [1812, 1813],
  },
  ...{
    netflow: [2055],
    "snmp-base": [161],
    snmpv1: [161],
    snmpv2: [161],
    snmpv3: [161],
    "snmp-trap": [162],
    rip: [520],
  },
  ...{
    "netbios-ns": [137],
    "netbios-dg": [138],
    quic: [443],
    "quic-base": [443],
    "ipsec-esp-udp": [4500],
    l2tp: [1701],
  },
};

const both: Readonly<Record<string, readonly (number | Range)[]>> = {
  ...{ dns: [53], "dns-base": [53], kerberos: [88, 464], sip: [5060], snmp: [161], stun: [3478], portmapper: [111] },
  ...{ nfs: [111, 2049], openvpn: [443, 1194], "ms-netlogon": [only(1025, 65535)], rtp: [only(1024, 65535)] },
};

const protocols: Readonly<Record<string, number>> = {
  ...{ icmp: 1, ping: 1, "ipv6-icmp": 58, ping6: 58, gre: 47, "ipsec-esp": 50, "ipsec-ah": 51, ospf: 89, ospfigp: 89 },
  ...{ igmp: 2, pim: 103, vrrp: 112, eigrp: 88, rsvp: 46, sctp: 132, "ip-in-ip": 4, traceroute: 1 },
};

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

const ranges = (ports: readonly (number | Range)[]): readonly Range[] =>
  ports.map((one) => (typeof one === "number" ? only(one) : one));

/** Where the application is by default; null: not known. */
export function defaultPorts(name: string): readonly Match[] | null {
  const [t, u, b, p] = [own(tcp, name), own(udp, name), own(both, name), own(protocols, name)];
  if (p !== undefined) return [{ protocols: [only(p)] }];
  if (t !== undefined) return [{ protocols: [only(6)], destinationPorts: ranges(t) }];
  if (u !== undefined) return [{ protocols: [only(17)], destinationPorts: ranges(u) }];
  if (b !== undefined) return [{ protocols: [only(6), only(17)], destinationPorts: ranges(b) }];
  return null;
}

/** Known by the number in the IP header alone. */
export const isProtocol = (name: string): boolean => own(protocols, name) !== undefined && name !== "traceroute";
