/** Names that Unix filters take for numbers: protocols (protocols(5)), services (services(5)), ICMP types (IANA). */
import type { Range } from "../../model.ts";

const table = (text: string): ReadonlyMap<string, number> => {
  const words = text.trim().split(/\s+/);
  const made = new Map<string, number>();
  for (let at = 0; at + 1 < words.length; at += 2) made.set(words[at]!, Number(words[at + 1]));
  return made;
};

const protocols = table(`
  ip 0 hopopt 0 icmp 1 igmp 2 ggp 3 ipencap 4 ipip 4 ipv4 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27
  iso-tp4 29 dccp 33 xtp 36 ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 esp 50
  ipv6-crypt 50 ah 51 ipv6-auth 51 skip 57 ipv6-icmp 58 icmpv6 58 icmp6 58 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81
  eigrp 88 ospf 89 ospfigp 89 ax.25 93 etherip 97 encap 98 pim 103 ipcomp 108 vrrp 112 carp 112 l2tp 115 isis 124 sctp 132
  fc 133 mobility-header 135 udplite 136 mpls-in-ip 137 hip 139 shim6 140 wesp 141 rohc 142 pfsync 240`);

const services = table(`
  tcpmux 1 echo 7 discard 9 sink 9 systat 11 daytime 13 netstat 15 qotd 17 chargen 19 ftp-data 20 ftp 21 fsp 21 ssh 22
  telnet 23 smtp 25 mail 25 time 37 timserver 37 whois 43 nicname 43 tacacs 49 domain 53 re-mail-ck 50 bootps 67 bootpc 68
  tftp 69 gopher 70 finger 79 http 80 www 80 www-http 80 link 87 kerberos 88 kerberos5 88 krb5 88 kerberos-sec 88 iso-tsap 102
  acr-nema 104 pop2 109 pop3 110 pop-3 110 sunrpc 111 portmapper 111 rpcbind 111 auth 113 ident 113 tap 113 nntp 119 ntp 123
  epmap 135 msrpc 135 loc-srv 135 netbios-ns 137 netbios-dgm 138 netbios-ssn 139 imap2 143 imap 143 imap4 143 snmp 161
  snmp-trap 162 snmptrap 162 cmip-man 163 cmip-agent 164 mailq 174 xdmcp 177 bgp 179 irc 194 smux 199 qmtp 209 z3950 210
  ipx 213 imap3 220 ptp-event 319 ptp-general 320 pawserv 345 zserv 346 rpc2portmap 369 codaauth2 370 clearcase 371 ldap 389
  svrloc 427 https 443 snpp 444 microsoft-ds 445 kpasswd 464 urd 465 submissions 465 smtps 465 ssmtp 465 saft 487
  isakmp 500 ike 500 exec 512 biff 512 login 513 who 513 shell 514 syslog 514 printer 515 talk 517 ntalk 518 route 520
  router 520 ripng 521 gdomap 538 uucp 540 klogin 543 kshell 544 dhcpv6-client 546 dhcpv6-server 547 rtsp 554 nntps 563
  snews 563 submission 587 nqs 607 asf-rmcp 623 qmqp 628 ipp 631 ldaps 636 ldp 646 silc 706 kerberos-adm 749 iprop 754
  domain-s 853 dns-over-tls 853 rsync 873 ftps-data 989 ftps 990 telnets 992 imaps 993 pop3s 995 socks 1080 proofd 1093 rootd 1094
  openvpn 1194 rmiregistry 1099 lotusnote 1352 ms-sql-s 1433 ms-sql-m 1434 ingreslock 1524 datametrics 1645 sa-msg-port 1646
  kermit 1649 groupwise 1677 l2f 1701 l2tp 1701 radius 1812 radius-acct 1813 radacct 1813 cisco-sccp 2000 nfs 2049 gnunet 2086
  cvspserver 2401 venus 2430 mysql 3306 rdp 3389 ms-wbt-server 3389 nut 3493 distcc 3632 daap 3689 svn 3690 suucp 4031
  epmd 4369 f5-globalsite 4353 ipsec-nat-t 4500 ipsec-msft 4500 iax 4569 mtn 4691 radmin-port 4899 sip 5060 sip-tls 5061
  xmpp-client 5222 xmpp-server 5269 cfengine 5308 mdns 5353 postgresql 5432 freeciv 5556 amqps 5671 amqp 5672 x11 6000
  gnutella-svc 6346 redis 6379 ircd 6667 ircs-u 6697 afs3-fileserver 7000 http-alt 8080 webcache 8080 puppet 8140 bacula-dir 9101
  bacula-fd 9102 bacula-sd 9103 git 9418 zabbix-agent 10050 zabbix-trapper 10051 spamd 783 spamd-cfg 8026 tproxy 8081`);

const icmp4 = table(`
  echo-reply 0 echorep 0 pong 0 destination-unreachable 3 unreach 3 source-quench 4 squench 4 redirect 5 redir 5 althost 6
  echo-request 8 echoreq 8 ping 8 router-advertisement 9 routeradv 9 router-solicitation 10 routersol 10 time-exceeded 11
  timex 11 ttl-exceeded 11 parameter-problem 12 paramprob 12 timestamp-request 13 timereq 13 timestamp-reply 14 timerep 14
  info-request 15 inforeq 15 info-reply 16 inforep 16 address-mask-request 17 maskreq 17 address-mask-reply 18 maskrep 18
  trace 30 dataconv 31 mobredir 32 ipv6-where 33 ipv6-here 34 mobregreq 35 mobregrep 36 skip 39 photuris 40`);

const icmp6 = table(`
  destination-unreachable 1 unreach 1 packet-too-big 2 toobig 2 time-exceeded 3 timex 3 ttl-exceeded 3 parameter-problem 4
  paramprob 4 echo-request 128 echoreq 128 echo-reply 129 echorep 129 mld-listener-query 130 groupqry 130 listqry 130
  mld-listener-report 131 grouprep 131 listenrep 131 mld-listener-done 132 mld-listener-reduction 132 groupterm 132
  listendone 132 nd-router-solicit 133 router-solicitation 133 routersol 133 nd-router-advert 134 router-advertisement 134
  routeradv 134 nd-neighbor-solicit 135 neighbour-solicitation 135 neighbor-solicitation 135 neighbrsol 135
  nd-neighbor-advert 136 neighbour-advertisement 136 neighbor-advertisement 136 neighbradv 136 nd-redirect 137 redirect 137
  redir 137 router-renumbering 138 routrrenum 138 wrureq 139 wrurep 140 fqdnreq 139 fqdnrep 140 niqry 139 nirep 140
  ind-neighbor-solicit 141 ind-neighbor-advert 142 mld2-listener-report 143 mtraceresp 200 mtrace 201`);

/** Names that mean a type and a code at once, as type × 256 + code. */
const icmp4Codes = table(`
  network-unreachable 768 net-unr 768 host-unreachable 769 host-unr 769 protocol-unreachable 770 proto-unr 770
  port-unreachable 771 port-unr 771 fragmentation-needed 772 needfrag 772 source-route-failed 773 srcfail 773
  network-unknown 774 net-unk 774 host-unknown 775 host-unk 775 isolate 776 net-prohib 777 network-prohibited 777
  host-prohib 778 host-prohibited 778 net-tos 779 TOS-network-unreachable 779 host-tos 780 TOS-host-unreachable 780
  filter-prohib 781 communication-prohibited 781 host-preced 782 host-precedence-violation 782 cutoff-preced 783
  precedence-cutoff 783 network-redirect 1280 redir-net 1280 host-redirect 1281 redir-host 1281 TOS-network-redirect 1282
  redir-tos-net 1282 TOS-host-redirect 1283 redir-tos-host 1283 ttl-zero-during-transit 2816 transit 2816
  ttl-zero-during-reassembly 2817 reassemb 2817 ip-header-bad 3072 badhead 3072 required-option-missing 3073 optmiss 3073`);

const icmp6Codes = table(`
  no-route 256 noroute-unr 256 communication-prohibited 257 admin-unr 257 beyond-scope 258 address-unreachable 259
  addr-unr 259 port-unreachable 260 port-unr 260 ttl-zero-during-transit 768 transit 768 ttl-zero-during-reassembly 769
  reassemb 769 bad-header 1024 badhead 1024 unknown-header-type 1025 nxthdr 1025 unknown-option 1026`);

const number = (text: string, last: number): number | null => {
  if (!/^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text)) return null;
  const value = Number(text);
  return value <= last ? value : null;
};

/** The number of a protocol; null: nobody's. */
export const protocolNumber = (text: string): number | null =>
  number(text, 255) ?? protocols.get(text.toLowerCase()) ?? null;

/** The number of a port. */
export const portNumber = (text: string): number | null => number(text, 65535) ?? services.get(text) ?? null;

/** A type, or a name that means type and code, as the values that `Packet.destinationPort` holds. */
export function icmpRange(text: string, protocol: 1 | 58): Range | null {
  const type = number(text, 255) ?? (protocol === 1 ? icmp4 : icmp6).get(text) ?? null;
  if (type !== null) return { first: type * 256, last: type * 256 + 255 };
  const both = (protocol === 1 ? icmp4Codes : icmp6Codes).get(text);
  return both === undefined ? null : { first: both, last: both };
}

/** A code by itself: a number, or the last part of a name that means both. */
export function icmpCode(text: string, protocol: 1 | 58): number | null {
  const both = (protocol === 1 ? icmp4Codes : icmp6Codes).get(text);
  return number(text, 255) ?? (both === undefined ? null : both & 255);
}

/** This code of whatever type. */
export const anyTypeWith = (code: number): readonly Range[] =>
  Array.from({ length: 256 }, (_, type) => ({ first: type * 256 + code, last: type * 256 + code }));
