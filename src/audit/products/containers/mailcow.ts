/**
 * mailcow: its `data/conf/postfix/main.cf` down to the line "Overrides", then `extra.cf`, and `master.cf` as it is
 * (data/Dockerfiles/postfix of mailcow-dockerized). Whoever is in the container's network is trusted, the bridge's
 * gateway among them. Domains and recipients are in its database.
 */
import { linesOf, type MadeLine, type Rendered, usual } from "./rendered.ts";
import { containerFolder, nothingRendered, type StackInput, settingOf } from "./stack.ts";

const home = "/opt/postfix/conf";

export function mailcow(input: StackInput): Rendered {
  const mounted = containerFolder(input, home, "data/conf/postfix");
  const text = (name: string): readonly MadeLine[] | null => {
    const file = mounted.get(`${home}/${name}`);
    return file === undefined ? null : linesOf(file.path, file.text).map(withoutDatabase);
  };
  const main = text("main.cf");
  const end = main?.findIndex((line) => /Overrides/.test(line.text)) ?? -1;
  const own = main === null ? shipped : end < 0 ? main : main.slice(0, end);
  // The start script sets the name, and takes other settings of it out.
  const extra = (text("extra.cf") ?? []).filter(
    (line) => !/myhostname/.test(line.text) || /\$myhostname/.test(line.text),
  );
  const name = settingOf(input, "MAILCOW_HOSTNAME") ?? input.compose.variables.get("MAILCOW_HOSTNAME")?.value;
  const version = /postfix:(3\.[0-9]+)/.exec(input.service.image ?? "")?.[1] ?? null;
  return {
    ...nothingRendered,
    main: [...own, ...(name ? [usual("myhostname", name)] : []), ...extra],
    master: text("master.cf") ?? shippedMaster,
    mounted,
    version,
    assumes: [
      "the database of mailcow lists no domains and relay domains but your own",
      ...(main === null ? ["main.cf and master.cf are those that mailcow ships: they are not among the files"] : []),
    ],
  };
}

/** Tables in mailcow's own database hold what was entered in its web interface, and permit nothing. */
function withoutDatabase(line: MadeLine): MadeLine {
  return { ...line, text: line.text.replace(/proxy:mysql:\/opt\/postfix\/conf\/sql\/[\w.-]+/g, "inline:{}") };
}

/** What of the shipped main.cf decides relaying. */
const shipped: readonly MadeLine[] = [
  usual("compatibility_level", "3.7"),
  usual("mynetworks_style", "subnet"),
  usual("mydestination", "localhost.localdomain, localhost"),
  usual("relay_domains", ""),
  usual("smtpd_sasl_auth_enable", "yes"),
  usual("smtpd_sasl_type", "dovecot"),
  usual("smtpd_tls_security_level", "may"),
  usual("smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"),
  usual("smtpd_recipient_restrictions", "permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination"),
];

const service = (text: string): MadeLine => ({ text, where: null });

const submitted = "-o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject";

/** Its listeners; those with a haproxy protocol are for a proxy inside, and are not published. */
const shippedMaster: readonly MadeLine[] = [
  service("smtp inet n - n - 1 postscreen"),
  service("10025 inet n - n - 1 postscreen -o postscreen_upstream_proxy_protocol=haproxy"),
  service("smtpd pass - - n - - smtpd -o smtpd_sasl_auth_enable=no"),
  service(`smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes ${submitted}`),
  service(
    `10465 inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy -o smtpd_tls_wrappermode=yes ${submitted}`,
  ),
  service(`submission inet n - n - - smtpd -o smtpd_tls_security_level=encrypt ${submitted}`),
  service(
    `10587 inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy -o smtpd_tls_security_level=encrypt ${submitted}`,
  ),
];
