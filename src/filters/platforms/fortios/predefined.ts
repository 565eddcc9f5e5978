/**
 * Services that FortiOS brings along; a backup has them as `service custom`, a part of one may not. Those that are not
 * here are reported.
 */
import type { Match, Range } from "../../model.ts";
import { only } from "../reading/conditions.ts";

type Ports = readonly (number | Range)[];

const tcp: Readonly<Record<string, Ports>> = {
  ...{ SMTP: [25], SMTPS: [465], HTTP: [80], HTTPS: [443], FTP: [21], FTP_GET: [21], FTP_PUT: [21], SSH: [22] },
  ...{ TELNET: [23], IMAP: [143], IMAPS: [993], POP3: [110], POP3S: [995], LDAP: [389], BGP: [179], FINGER: [79] },
  ...{ GOPHER: [70], IRC: [only(6660, 6669)], NNTP: [119], PPTP: [1723], RDP: [3389], SAMBA: [139], SMB: [445] },
  ...{ VNC: [5900], "X-WINDOWS": [only(6000, 6063)], WINFRAME: [1494], MYSQL: [3306], "MS-SQL": [1433, 1434] },
  ...{ AOL: [only(5190, 5194)], "Internet-Locator-Service": [389], NetMeeting: [1720], RTSP: [554, 7070, 8554] },
  ...{ SCCP: [2000], RSH: [514], REXEC: [512], RLOGIN: [513], UUCP: [540], WAIS: [210], KERBEROS: [88, 464] },
  ...{ MGCP: [2428], SOCKS: [1080], SQUID: [3128], DCE_RPC: [135], WINS: [1512], ALL_TCP: [only(1, 65535)] },
  ...{ "DCE-RPC": [135], TCP: [only(0, 65535)] },
};

const udp: Readonly<Record<string, Ports>> = {
  ...{
    DHCP: [67, 68],
    DHCP6: [546, 547],
    IKE: [500, 4500],
    NTP: [123],
    RADIUS: [1812, 1813],
    "RADIUS-OLD": [1645, 1646],
  },
  ...{ RIP: [520], SYSLOG: [514], TALK: [517, 518], TFTP: [69], L2TP: [1701], QUAKE: [26000, 27000, 27910, 27960] },
  ...{ RAUDIO: [7070], VDOLIVE: [only(7000, 7010)], TRACEROUTE: [only(33434, 33535)], ALL_UDP: [only(1, 65535)] },
  ...{ UDP: [only(0, 65535)] },
};

const both: Readonly<Record<string, Ports>> = {
  ...{
    DNS: [53],
    SNMP: [161, 162],
    NFS: [111, 2049],
    ONC_RPC: [111],
    "ONC-RPC": [111],
    SIP: [5060],
    AFS3: [only(7000, 7009)],
  },
  ...{ H323: [1503, 1719, 1720], CVSPSERVER: [2401] },
};

const protocols: Readonly<Record<string, number>> = {
  ...{ GRE: 47, ESP: 50, AH: 51, OSPF: 89, IGMP: 2, ALL_ICMP: 1, ALL_ICMP6: 58, PING: 1, PING6: 58, TIMESTAMP: 1 },
  ...{ INFO_REQUEST: 1, INFO_ADDRESS: 1, ICMP_ANY: 1 },
};

/** The service; null: it is not in the table. */
export function predefined(name: string): readonly Match[] | null {
  const own = <T>(table: Readonly<Record<string, T>>): T | undefined =>
    Object.hasOwn(table, name) ? table[name] : undefined;
  const ranges = (ports: Ports): readonly Range[] => ports.map((one) => (typeof one === "number" ? only(one) : one));
  if (name === "ALL" || name === "ANY") return [{}];
  const [t, u, b, p] = [own(tcp), own(udp), own(both), own(protocols)];
  if (t !== undefined) return [{ protocols: [only(6)], destinationPorts: ranges(t) }];
  if (u !== undefined) return [{ protocols: [only(17)], destinationPorts: ranges(u) }];
  if (b !== undefined) return [{ protocols: [only(6), only(17)], destinationPorts: ranges(b) }];
  return p === undefined ? null : [{ protocols: [only(p)] }];
}
