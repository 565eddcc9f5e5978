/**
 * Mailu: its front end (nginx) takes the connections and tells Postfix by XCLIENT who the client is. SUBNET, SUBNET6
 * and RELAYNETS are trusted (core/postfix/conf of Mailu); files of overrides are laid over it. Domains come from its
 * administration service.
 */
import type { Variable } from "../../deployment/variables.ts";
import { type MadeLine, oneLine, type Rendered, usual } from "./rendered.ts";
import { containerFile, nothingRendered, overrideLines, type StackInput, settingOf, variableOf } from "./stack.ts";

const defaultSubnet: Variable = { value: "192.168.203.0/24", where: null };

export function mailu(input: StackInput): Rendered {
  const subnet = variableOf(input, "SUBNET") ?? defaultSubnet;
  const subnet6 = variableOf(input, "SUBNET6");
  const relayed = variableOf(input, "RELAYNETS");
  const host = (settingOf(input, "HOSTNAMES") ?? "").split(",")[0]?.trim();
  const domain = settingOf(input, "DOMAIN");
  const networks: readonly MadeLine[] = [
    continued("SUBNET", subnet),
    ...(subnet6 === null || subnet6.value === "" ? [] : [continued("SUBNET6", subnet6)]),
  ];
  const override = containerFile(input, "/overrides/postfix.cf", overridePlaces("postfix.cf"));
  const services = containerFile(input, "/overrides/postfix.master", overridePlaces("postfix.master"));
  return {
    ...nothingRendered,
    main: [
      usual("compatibility_level", "3.6"),
      ...(domain === null ? [] : [usual("mydomain", oneLine(domain))]),
      ...(host ? [usual("myhostname", oneLine(host))] : []),
      usual("mydestination", ""),
      usual("relay_domains", ""),
      usual("smtpd_tls_security_level", "none"),
      usual("smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"),
      usual("smtpd_authorized_xclient_hosts", ""),
      ...networks,
      usual("mynetworks", "127.0.0.1/32 [::1]/128"),
      ...networks,
      ...(relayed === null || relayed.value === "" ? [] : [continued("RELAYNETS", relayed)]),
      ...overrideLines(override),
    ],
    master: withServices(shippedMaster, overrideLines(services)),
    assumes: [
      "the administration service of Mailu lists no domains and relayed domains but your own",
      ...(override === null ? ["no overrides for Postfix are mounted: none are among the files"] : []),
    ],
  };
}

const overridePlaces = (name: string): readonly string[] => [
  `overrides/postfix/${name}`,
  `overrides/${name}`,
  `data/overrides/postfix/${name}`,
];

/** A variable's networks as a continuation line, so that they keep their place. IPv6 goes in brackets. */
function continued(name: string, { value, where }: Variable): MadeLine {
  if (value === null) return { text: `  variable:${name}`, where };
  const items = oneLine(value)
    .split(/[\s,]+/)
    .map((item) => item.replace(/^([0-9a-fA-F]*:[0-9a-fA-F:]*)(\/[0-9]+)?$/, "[$1]$2"));
  return { text: `  ${items.join(" ")}`, where };
}

const service = (text: string): MadeLine => ({ text, where: null });

const shippedMaster: readonly MadeLine[] = [
  service("smtp inet n - n - - smtpd"),
  service("10025 inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit"),
];

/** `postconf -Me "name/type=entry"`: the entry takes the place of the one with that name. */
function withServices(shipped: readonly MadeLine[], lines: readonly MadeLine[]): readonly MadeLine[] {
  let services = shipped;
  for (const { text, where } of lines) {
    const match = /^\s*([^\s/=]+)\/([a-z]+)\s*=\s*(.+)$/.exec(text);
    if (match === null) continue;
    const [, name, type, entry = ""] = match;
    services = [...services.filter((one) => !one.text.startsWith(`${name} ${type} `)), { text: oneLine(entry), where }];
  }
  return services;
}
