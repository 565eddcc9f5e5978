/** What the settings of a policy are to the question which packets it is about. */

/** Decide nothing about what matches, or are read elsewhere. */
const harmless = new Set([
  ...["name", "uuid", "uuid-idx", "policyid", "comments", "comment", "label", "global-label", "logtraffic", "status"],
  ...["logtraffic-start", "logtraffic-app", "nat", "nat46", "nat64", "ippool", "fixedport", "permit-any-host"],
  ...["permit-stun-host", "utm-status", "inspection-mode", "profile-type", "profile-group", "application-list"],
  ...[
    "traffic-shaper",
    "traffic-shaper-reverse",
    "per-ip-shaper",
    "session-ttl",
    "capture-packet",
    "auto-asic-offload",
  ],
  ...["np-acceleration", "tcp-mss-sender", "tcp-mss-receiver", "delay-tcp-npu-session", "timeout-send-rst"],
  ...["schedule-timeout", "custom-log-fields", "replacemsg-override-group", "block-notification", "natip", "vpntunnel"],
  ...["inbound", "outbound", "natinbound", "natoutbound", "match-vip", "match-vip-only", "tcp-session-without-syn"],
  ...["anti-replay", "geoip-anycast", "geoip-match", "firewall-session-dirty", "dsri", "radius-mac-auth-bypass"],
  ...["send-deny-packet", "rtp-nat", "rtp-addr", "learning-mode", "disclaimer", "email-collect", "redirect-url"],
  ...["auth-path", "auth-cert", "auth-redirect-addr", "ntlm", "ntlm-guest", "fsso-agent-for-ntlm", "wsso", "rsso"],
  ...["http-policy-redirect", "ssh-policy-redirect", "passive-wan-health-measurement", "scan-botnet-connections"],
  ...["ssl-mirror", "ssl-mirror-intf", "decrypted-traffic-mirror", "sctp-filter-profile", "gtp-profile", "app-monitor"],
  ...[
    "wanopt",
    "wanopt-detection",
    "wanopt-passive-opt",
    "wanopt-profile",
    "wanopt-peer",
    "webcache",
    "webcache-https",
  ],
  ...[
    "webproxy-forward-server",
    "central-nat",
    "action",
    "schedule",
    "service",
    "service-negate",
    "endpoint-compliance",
  ],
  ...["srcaddr", "dstaddr", "srcaddr6", "dstaddr6", "srcaddr4", "dstaddr4", "srcaddr-negate", "dstaddr-negate"],
  ...["srcaddr6-negate", "dstaddr6-negate", "srcaddr4-negate", "dstaddr4-negate", "srcintf", "dstintf", "intf"],
  ...[
    "interface",
    "poolname",
    "poolname6",
    "mms-profile",
    "replacemsg-group",
    "cgn-log-server-grp",
    "tags",
    "vlan-filter",
  ],
  ...["ztna-status", "ztna-policy-redirect", "session-ttl", "log-unmatched-traffic", "port-preserve", "port-random"],
  ...["fec", "nat46-pool", "eif-check", "eif-learn", "cgn-eif", "cgn-eim", "cgn-session-quota", "cgn-resource-quota"],
  ...[
    "policy-offload",
    "delay-tcp-npu-sessoin",
    "identity-based-route",
    "captive-portal-exempt",
    "deep-inspection-options",
  ],
  ...[
    "spamfilter-profile",
    "client-reputation",
    "client-reputation-mode",
    "dynamic-shaping",
    "dlp-profile",
    "casi-profile",
  ],
]);

/** They narrow a policy unless they have one of these values. */
const narrowing: Readonly<Record<string, readonly string[]>> = {
  ...{ groups: [], users: [], "fsso-groups": [], fsso: ["disable"], devices: [], "identity-based": ["disable"] },
  ...{ "internet-service": ["disable"], "internet-service-src": ["disable"], "internet-service6": ["disable"] },
  ...{ "internet-service6-src": ["disable"], "reputation-minimum": ["0"], "reputation-minimum6": ["0"] },
  ...{ tos: ["0x00"], "tos-mask": ["0x00"], "tos-negate": ["disable"], "src-vendor-mac": [], "ztna-ems-tag": [] },
  ...{ "ztna-geo-tag": [], "ztna-ems-tag-secondary": [], "ztna-device-ownership": ["disable"], sgt: [] },
  ...{
    "sgt-check": ["disable"],
    "policy-expiry": ["disable"],
    "network-service-dynamic": [],
    "require-tfa": ["disable"],
  },
  ...{
    "network-service-src-dynamic": [],
    "vlan-cos-fwd": ["255"],
    "vlan-cos-rev": ["255"],
    "policy-behaviour-type": [],
  },
  ...{ application: [], "app-category": [], "url-category": [], "app-group": [], "virtual-patch": ["disable"] },
};

/** Names that stand for kinds of settings which only mark, log or inspect. */
const inspecting =
  /(-profile|-sensor|-shaper|-redirect|-option)$|^(diffserv|ssl-ssh-|webproxy-|wanopt-|cgn-|pcp-|ips-|av-|dlp-|internet-service(6)?(-src)?-|policy-expiry-|reputation-direction)/;

/** `ignored`, `unsure` (it narrows the policy), or `unknown`. */
export function settingIs(key: string, values: readonly string[]): "ignored" | "unsure" | "unknown" {
  const narrows = Object.hasOwn(narrowing, key) ? narrowing[key] : undefined;
  // What marks frames going on narrows nothing, whatever its value.
  if (narrows !== undefined)
    return values.length === 0 || narrows.includes(values[0] ?? "") || key.startsWith("vlan-cos")
      ? "ignored"
      : "unsure";
  return harmless.has(key) || inspecting.test(key) ? "ignored" : "unknown";
}
