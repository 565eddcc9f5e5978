/**
 * docker-mailserver: PERMIT_DOCKER says which container networks are trusted (target/scripts/startup/setup.d of
 * docker-mailserver); `postfix-main.cf` and `postfix-master.cf` are laid over the shipped files, `user-patches.sh` may
 * change anything. Domains are those of the accounts and aliases.
 */
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import { prefixOf } from "../../../net/prefix.ts";
import { interfaceNetworks } from "../../deployment/compose-doors.ts";
import { fixedIp } from "../../grounds.ts";
import type { Caveat } from "../../rules.ts";
import { type MadeLine, type Rendered, usual } from "./rendered.ts";
import { containerFile, networkList, nothingRendered, overrideLines, type StackInput, variableOf } from "./stack.ts";

const config = "/tmp/docker-mailserver";
const base = "127.0.0.0/8 [::1]/128 [fe80::]/64";

export function dockerMailserver(input: StackInput): Rendered {
  const file = (name: string) =>
    containerFile(input, `${config}/${name}`, [`docker-data/dms/config/${name}`, `config/${name}`]);
  const accounts = file("postfix-accounts.cf");
  const aliases = file("postfix-virtual.cf");
  const patches = file("user-patches.sh");
  const mounted = new Map<string, { path: string; text: string }>();
  const lists: string[] = [];
  for (const [name, found] of [
    ["vhost", accounts],
    ["vhost-aliases", aliases],
  ] as const)
    if (found !== null) {
      mounted.set(`/etc/postfix/${name}`, { path: found.path, text: domainsOf(found.text) });
      lists.push(`/etc/postfix/${name}`);
    }
  if (aliases !== null) mounted.set("/etc/postfix/virtual", aliases);
  return {
    ...nothingRendered,
    main: [
      usual("compatibility_level", "3.6"),
      usual("mydestination", "$myhostname, localhost.$mydomain, localhost"),
      usual("relay_domains", ""),
      usual("smtpd_tls_security_level", "may"),
      usual("smtpd_client_restrictions", "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"),
      usual("smtpd_relay_restrictions", "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"),
      usual("smtpd_recipient_restrictions", "permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination"),
      usual("smtpd_sender_restrictions", "permit_sasl_authenticated, permit_mynetworks, reject_unknown_sender_domain"),
      usual("mua_sender_restrictions", "reject_authenticated_sender_login_mismatch, $smtpd_sender_restrictions"),
      usual("virtual_mailbox_domains", lists.join(" ")),
      ...(aliases === null ? [] : [usual("virtual_alias_maps", "texthash:/etc/postfix/virtual")]),
      permitted(input),
      ...overrideLines(file("postfix-main.cf")),
    ],
    master: withSettings(shippedMaster, overrideLines(file("postfix-master.cf"))),
    mounted,
    caveats: patches === null ? [] : patched(patches),
    assumes: [
      ...(accounts === null
        ? ["the mailer's accounts are in no domains but yours: their list is not among the files"]
        : []),
    ],
  };
}

/** The trusted networks that PERMIT_DOCKER makes. Without it nobody is trusted, since version 11. */
function permitted(input: StackInput): MadeLine {
  const variable = variableOf(input, "PERMIT_DOCKER");
  const where = variable?.where ?? null;
  const made = (value: string): MadeLine => ({ text: `mynetworks = ${value}`, where });
  if (variable?.value === null) return made("variable:PERMIT_DOCKER");
  const own = interfaceNetworks(input.service, input.compose, input.daemon);
  const four = own?.intersect(ipSet([prefixOf(fixedIp("0.0.0.0"), 0)])) ?? null;
  switch (variable?.value) {
    case "container":
      return made(base);
    case "network":
      return made(`${base} 172.16.0.0/12`);
    case "host":
      return made(`${base} ${four === null ? "variable:PERMIT_DOCKER" : networkList(widened(four))}`);
    case "connected-networks":
      return made(`${base} ${four === null ? "variable:PERMIT_DOCKER" : networkList(four)}`);
    default:
      return made("");
  }
}

/** Of each network the /16 around it: the first two octets count. */
function widened(set: IpSet): IpSet {
  return ipSet(set.toPrefixes().map(({ address, length }) => prefixOf(address, Math.min(16, length))));
}

/** The domain of each line's address, on a line of the same number. */
function domainsOf(text: string): string {
  return text
    .split("\n")
    .map((line) => (/^\s*#/.test(line) ? "" : (/^[^\s|]*@([A-Za-z0-9.-]+)/.exec(line)?.[1] ?? "")))
    .join("\n");
}

function patched({ path, text }: { readonly path: string; readonly text: string }): readonly Caveat[] {
  const line = text
    .split("\n")
    .findIndex((one) => !/^\s*#/.test(one) && /postconf|main\.cf|master\.cf|mynetworks/.test(one));
  if (line < 0) return [];
  const shown = text.split("\n")[line] ?? "";
  const at = { line: line + 1, column: 1 };
  return [
    {
      tag: "script",
      text: "unless user-patches.sh, which changes Postfix when the container starts, lets strangers in",
      where: { file: path, start: at, end: at, text: shown },
    },
  ];
}

const service = (text: string): MadeLine => ({ text, where: null });

const submitted =
  "-o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_reject_unlisted_recipient=no -o smtpd_client_restrictions=permit_sasl_authenticated,reject -o smtpd_relay_restrictions=permit_sasl_authenticated,reject";

const shippedMaster: readonly MadeLine[] = [
  service("smtp inet n - n - 1 postscreen"),
  service("smtpd pass - - n - - smtpd"),
  service(`submission inet n - n - - smtpd -o smtpd_tls_security_level=encrypt ${submitted}`),
  service(`submissions inet n - n - - smtpd -o smtpd_tls_wrappermode=yes ${submitted}`),
];

/** `postconf -P "service/type/name=value"`: a setting of one service; the last one counts. */
function withSettings(shipped: readonly MadeLine[], lines: readonly MadeLine[]): readonly MadeLine[] {
  const services = [...shipped];
  for (const { text, where } of lines) {
    const match = /^([^\s/=]+)\/([a-z]+)\/([A-Za-z0-9_]+)\s*=\s*(.*)$/.exec(text.trim());
    const index = services.findIndex((one) => one.text.startsWith(`${match?.[1]} ${match?.[2]} `));
    const before = services[index];
    if (match === null || before === undefined) continue;
    services[index] = { text: `${before.text} -o { ${match[3]} = ${match[4]} }`, where };
  }
  return services;
}
