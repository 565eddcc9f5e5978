/** Names of ICMP types and codes in Junos (RFC 792, RFC 4443). */

export const icmpTypes4: Readonly<Record<string, number>> = {
  ...{ "echo-reply": 0, unreachable: 3, "source-quench": 4, redirect: 5, "echo-request": 8, "router-advertisement": 9 },
  ...{ "router-solicit": 10, "time-exceeded": 11, "parameter-problem": 12, timestamp: 13, "timestamp-reply": 14 },
  ...{ "info-request": 15, "info-reply": 16, "mask-request": 17, "mask-reply": 18 },
};

export const icmpTypes6: Readonly<Record<string, number>> = {
  ...{ "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4 },
  ...{ "echo-request": 128, "echo-reply": 129, "membership-query": 130, "membership-report": 131 },
  ...{ "membership-termination": 132, "router-solicit": 133, "router-advertisement": 134, "neighbor-solicit": 135 },
  ...{ "neighbor-advertisement": 136, redirect: 137, "router-renumbering": 138, "node-information-request": 139 },
  ...{ "node-information-reply": 140, "inverse-neighbor-discovery-solicitation": 141 },
  ...{ "inverse-neighbor-discovery-advertisement": 142, "home-agent-address-discovery-request": 144 },
  ...{ "home-agent-address-discovery-reply": 145, "mobile-prefix-solicitation": 146 },
  ...{ "mobile-prefix-advertisement-reply": 147, "certificate-path-solicitation": 148 },
  ...{ "certificate-path-advertisement": 149, "private-experimentation-100": 100, "private-experimentation-101": 101 },
  ...{ "private-experimentation-200": 200, "private-experimentation-201": 201 },
};

/** A code's name belongs to a type; within a family the same name is the same number. */
export const icmpCodes4: Readonly<Record<string, number>> = {
  ...{ "network-unreachable": 0, "host-unreachable": 1, "protocol-unreachable": 2, "port-unreachable": 3 },
  ...{ "fragmentation-needed": 4, "source-route-failed": 5, "destination-network-unknown": 6 },
  ...{ "destination-host-unknown": 7, "source-host-isolated": 8, "destination-network-prohibited": 9 },
  ...{ "destination-host-prohibited": 10, "network-unreachable-for-tos": 11, "host-unreachable-for-tos": 12 },
  ...{
    "communication-prohibited-by-filtering": 13,
    "host-precedence-violation": 14,
    "precedence-cutoff-in-effect": 15,
  },
  ...{
    "redirect-for-network": 0,
    "redirect-for-host": 1,
    "redirect-for-tos-and-net": 2,
    "redirect-for-tos-and-host": 3,
  },
  ...{ "ttl-eq-zero-during-transit": 0, "ttl-eq-zero-during-reassembly": 1, "ip-header-bad": 0 },
  ...{ "required-option-missing": 1, "no-route-to-destination": 0, "administratively-prohibited": 1 },
  ...{ "address-unreachable": 3, "ip6-header-bad": 0, "unrecognized-next-header": 1, "unrecognized-option": 2 },
};

export const icmpCodes6: Readonly<Record<string, number>> = { ...icmpCodes4, "port-unreachable": 4 };
