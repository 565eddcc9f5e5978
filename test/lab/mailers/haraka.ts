// Haraka: a right configuration and ways to open it. What a mailbox host would do is a small plugin of the site's own.
import { mailerA, mailerB } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, plain } from "./listeners.ts";
import { innerPostfix } from "./postfix.ts";

export const haraka: Product = {
  name: "haraka",
  settleMs: 5000,
  // Without the packaged connection.ini it dies at the first line that it receives.
  start: `
cd /srv/haraka
cp -n /opt/haraka/node_modules/Haraka/config/connection.ini config/
install -m 600 /etc/ssl/lab.key config/tls_key.pem
install -m 644 /etc/ssl/lab.crt config/tls_cert.pem
install -m 644 /etc/ssl/lab.dh config/dhparams.pem
mkdir -p queue
exec /fp/node /opt/haraka/node_modules/Haraka/bin/haraka -c /srv/haraka
`,
};

/** Knows the site's people, asks for authentication on 587, keeps local mail, and forwards bob's on his own wish. */
const sitePlugin = `
const people = ["postmaster", "abuse", "alice", "bob"];
exports.hook_mail = function (next, connection) {
  if (connection.local.port === 587 && !connection.relaying) return next(DENY, "Authentication required");
  next();
};
exports.hook_rcpt = function (next, connection, params) {
  const to = params[0];
  if (to.host === "ourcollege.ac.uk" && !people.includes(String(to.user).toLowerCase()))
    return next(DENY, "No such user here");
  next();
};
exports.hook_queue = function (next, connection) {
  const { transaction } = connection;
  if (!transaction.rcpt_to.some((to) => String(to.user).toLowerCase() === "bob")) return next(OK);
  transaction.message_stream.get_data((data) => {
    this.haraka_require("outbound").send_email(
      transaction.mail_from, "bob@forwarded.example", data.toString(), () => next(OK));
  });
};
`;

const rightPlugins = ["relay", "site", "rcpt_to.in_host_list"];

type Parts = {
  readonly ports?: readonly number[];
  readonly plugins?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
};

const rightAcl = "127.0.0.0/8\n::1/128\n10.1.1.0/24\n2001:db8:1::/48\n";

function mailer(parts: Parts): Mailer {
  const listen = (parts.ports ?? [25]).flatMap((port) => [`${mailerA.v4}:${port}`, `[${mailerA.v6}]:${port}`]);
  return {
    product: "haraka",
    files: {
      "/srv/haraka/config/smtp.ini": `listen=${listen.join(",")}\nnodes=0\npublic_ip=${mailerA.v4}\n`,
      "/srv/haraka/config/me": `${mailerA.host}\n`,
      "/srv/haraka/config/log.ini": "[main]\nlevel=info\n",
      "/srv/haraka/config/plugins": `${(parts.plugins ?? rightPlugins).join("\n")}\n`,
      "/srv/haraka/config/host_list": "ourcollege.ac.uk\n",
      "/srv/haraka/config/relay.ini": "[relay]\nacl=true\n",
      "/srv/haraka/config/relay_acl_allow": rightAcl,
      "/srv/haraka/plugins/site.js": sitePlugin,
      ...parts.files,
    },
    listeners: (parts.ports ?? [25]).flatMap((port) => onBoth(port)),
  };
}

/** A plugin that grants relaying when its condition holds: the shape of many home-made ones. */
const granting = (hook: string, condition: string): string =>
  `exports.${hook} = (next, connection, params) => {
  if (${condition}) connection.relaying = true;
  next();
};
`;

const loginPlugin = (answer: boolean): string => `
exports.register = function () { this.inherits("auth/auth_base"); };
exports.hook_capabilities = (next, connection) => {
  connection.capabilities.push("AUTH PLAIN LOGIN");
  connection.notes.allowed_auth_methods = ["PLAIN", "LOGIN"];
  next();
};
exports.check_plain_passwd = (connection, user, password, answer) => answer(${answer});
`;

export const harakaVariants: readonly Variant[] = [
  {
    ...mailer({
      ports: [25, 587],
      plugins: ["tls", "login", ...rightPlugins],
      files: { "/srv/haraka/plugins/login.js": loginPlugin(false) },
    }),
    name: "haraka-closed",
    truth: "closed",
    openTo: "nobody; 587 asks for authentication and believes none",
  },
  {
    ...mailer({ files: { "/srv/haraka/config/relay.ini": "[relay]\nacl=true\nall=true\n" } }),
    name: "haraka-relay-all",
    truth: "open",
    openTo: "everyone: all=true in relay.ini",
    exploit: plain,
  },
  {
    // A prefix length of 0 is not understood by the plugin and would match one address only.
    ...mailer({ files: { "/srv/haraka/config/relay_acl_allow": `${rightAcl}0.0.0.0/1\n128.0.0.0/1\n::/1\n` } }),
    name: "haraka-everyone",
    truth: "open",
    openTo: "everyone: the access list covers the whole Internet in halves",
    exploit: plain,
  },
  {
    ...mailer({ files: { "/srv/haraka/config/relay_acl_allow": `${rightAcl}2000::/3\n` } }),
    name: "haraka-ipv6-only",
    truth: "open",
    openTo: "everyone who comes over IPv6",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer({
      files: {
        "/srv/haraka/config/relay.ini": "[relay]\nacl=true\ndest_domains=true\n",
        "/srv/haraka/config/relay_dest_domains.ini": '[domains]\nourcollege.ac.uk={"action":"continue"}\n',
      },
    }),
    name: "haraka-second-recipient",
    truth: "open",
    openTo: "everyone, for recipients that follow a permitted one in the same transaction",
    exploit: { ...plain, rcptBefore: "postmaster@ourcollege.ac.uk" },
  },
  {
    ...mailer({
      plugins: ["trusting", ...rightPlugins],
      files: {
        "/srv/haraka/plugins/trusting.js": granting("hook_mail", 'params[0].host === "ourcollege.ac.uk"'),
      },
    }),
    name: "haraka-local-sender",
    truth: "open",
    openTo: "whoever claims a sender in the local domain",
    exploit: { ...plain, mailFrom: "anyone@ourcollege.ac.uk" },
  },
  {
    ...mailer({
      plugins: ["tls", "login", ...rightPlugins],
      files: { "/srv/haraka/plugins/login.js": loginPlugin(true) },
    }),
    name: "haraka-any-password",
    truth: "open",
    openTo: "whoever logs in, with any name and password",
    exploit: { ...plain, auth: { user: "nobody-here", password: "anything" } },
  },
  {
    ...mailer({
      plugins: ["tls", "trusting", ...rightPlugins],
      files: { "/srv/haraka/plugins/trusting.js": granting("hook_mail", "connection.tls.enabled") },
    }),
    name: "haraka-starttls",
    truth: "open",
    openTo: "everyone, after STARTTLS",
    exploit: { ...plain, tls: "starttls" },
  },
  {
    ...mailer({
      plugins: ["rcpt_to.in_host_list", "queue/smtp_forward"],
      files: {
        "/srv/haraka/config/host_list_regex": ".*ourcollege\\.ac\\.uk.*\n",
        "/srv/haraka/config/smtp_forward.ini": `[main]\nhost=${mailerB.v4}\nport=25\n`,
      },
    }),
    name: "haraka-unanchored-chain",
    truth: "open",
    openTo: "everyone, towards domains that contain the local one's name: the mailer behind trusts this one",
    exploit: { ...plain, rcptTo: "{token}@ourcollege.ac.uk.elsewhere.example" },
    second: innerPostfix(),
  },
];
