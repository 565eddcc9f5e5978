/**
 * Protocols as a firewall's classes name them (`match protocol smtp`): the port that IOS's port mapping gives them
 * ("Port-to-Application Mapping", system-defined ports). A name that is not here may be any port.
 */
import type { Match } from "../../model.ts";

const tcp = (...ports: readonly number[]): readonly Match[] => [
  { protocols: [{ first: 6, last: 6 }], destinationPorts: ports.map((port) => ({ first: port, last: port })) },
];
const udp = (...ports: readonly number[]): readonly Match[] => [
  { protocols: [{ first: 17, last: 17 }], destinationPorts: ports.map((port) => ({ first: port, last: port })) },
];
const all = (...protocols: readonly number[]): readonly Match[] => [
  { protocols: protocols.map((one) => ({ first: one, last: one })) },
];

const table: Readonly<Record<string, readonly Match[]>> = {
  tcp: all(6),
  udp: all(17),
  icmp: all(1, 58),
  ip: [{}],
  ipv6: [{}],
  smtp: tcp(25),
  bgp: tcp(179),
  cuseeme: [...tcp(7648), ...udp(7648)],
  dhcp: udp(67, 68),
  dns: [...udp(53), ...tcp(53)],
  finger: tcp(79),
  ftp: tcp(21),
  gopher: tcp(70),
  gre: all(47),
  h323: [...tcp(1720), ...udp(1719)],
  http: tcp(80),
  https: tcp(443),
  ident: tcp(113),
  imap: tcp(143),
  imap3: tcp(220),
  imaps: tcp(993),
  ipsec: [...all(50, 51), ...udp(500, 4500)],
  "ipsec-msft": udp(4500),
  irc: tcp(194),
  isakmp: udp(500),
  kerberos: [...tcp(88), ...udp(88)],
  l2tp: udp(1701),
  ldap: tcp(389),
  "ldap-admin": tcp(3407),
  ldaps: tcp(636),
  login: tcp(513),
  mysql: tcp(3306),
  netbios: [...tcp(137, 138, 139), ...udp(137, 138, 139)],
  "netbios-dgm": udp(138),
  "netbios-ns": udp(137),
  "netbios-ssn": tcp(139),
  netshow: tcp(1755),
  nfs: [...tcp(2049), ...udp(2049)],
  nntp: tcp(119),
  ntp: [...udp(123), ...tcp(123)],
  pop3: tcp(110),
  pop3s: tcp(995),
  pptp: tcp(1723),
  radius: udp(1645, 1646, 1812, 1813),
  realmedia: tcp(7070),
  rtsp: tcp(554, 8554),
  secureftp: tcp(990),
  shell: tcp(514),
  sip: [...tcp(5060), ...udp(5060)],
  "sip-tls": tcp(5061),
  skinny: tcp(2000),
  snmp: udp(161),
  snmptrap: udp(162),
  sqlnet: tcp(1521),
  ssh: tcp(22),
  streamworks: udp(1558),
  sunrpc: [...tcp(111), ...udp(111)],
  syslog: udp(514),
  tacacs: tcp(49),
  telnet: tcp(23),
  telnets: tcp(992),
  tftp: udp(69),
  vdolive: tcp(7000),
  who: udp(513),
};

const byName = new Map(Object.entries(table));

/** Null: which packets the protocol's are is not known. */
export const packetsOfProtocol = (name: string): readonly Match[] | null => byName.get(name.toLowerCase()) ?? null;
