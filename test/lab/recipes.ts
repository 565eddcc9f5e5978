// What goes into each root: packages, the answers that keep their installers quiet, and one-time preparation.

export type RootName =
  | "postfix"
  | "exim"
  | "sendmail"
  | "opensmtpd"
  | "courier"
  | "haraka"
  | "peers"
  | "filters"
  | "rbldnsd"
  | "nameservers"
  | "mailhost";

export type Recipe = {
  readonly name: RootName;
  readonly packages: readonly string[];
  readonly debconf: readonly string[];
  /** Shell, run once inside the root after the packages are in. */
  readonly prepare: string;
};

/** Every mailer has a local person and a certificate; neither is worth half a second per test. */
const person = `
useradd --create-home --shell /bin/sh alice
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx1.ourcollege.ac.uk \\
  -keyout /etc/ssl/lab.key -out /etc/ssl/lab.crt 2>/dev/null
chmod 600 /etc/ssl/lab.key
`;

export const recipes: readonly Recipe[] = [
  {
    name: "postfix",
    packages: ["postfix", "postfix-pcre", "openssl"],
    debconf: [
      "postfix postfix/main_mailer_type select Internet Site",
      "postfix postfix/mailname string ourcollege.ac.uk",
    ],
    prepare: person,
  },
  {
    name: "exim",
    packages: ["exim4-daemon-heavy", "openssl"],
    debconf: [],
    prepare: `${person}
install -o Debian-exim -g Debian-exim -m 600 /etc/ssl/lab.key /etc/exim4/lab.key
`,
  },
  {
    name: "sendmail",
    packages: ["sendmail-bin", "sendmail-cf", "sensible-mda", "m4", "procmail", "openssl"],
    debconf: [],
    prepare: person,
  },
  {
    name: "opensmtpd",
    packages: ["opensmtpd", "openssl"],
    debconf: ["opensmtpd opensmtpd/mailname string ourcollege.ac.uk"],
    prepare: person,
  },
  {
    name: "courier",
    packages: ["courier-mta", "netbase", "openssl"],
    debconf: [
      "courier-base courier-base/webadmin-configmode boolean false",
      "courier-mta courier-mta/defaultdomain string ourcollege.ac.uk",
    ],
    // Courier delivers to an existing Maildir or not at all.
    prepare: `${person}
su alice -c 'maildirmake ~/Maildir'
`,
  },
  {
    name: "haraka",
    packages: ["openssl"],
    debconf: [],
    // Left to itself it makes parameters at every start, and the processor is busy with it for a quarter of a minute.
    prepare: `${person}
openssl dhparam -dsaparam -out /etc/ssl/lab.dh 2048 2>/dev/null
mkdir -p /opt/haraka
cd /opt/haraka
npm install --ignore-scripts --no-audit --no-fund --omit=dev Haraka@3.3.4
`,
  },
  // Other testers, to compare verdicts with.
  { name: "peers", packages: ["nmap", "swaks"], debconf: [], prepare: "" },
  // A server of DNS lists.
  { name: "rbldnsd", packages: ["rbldnsd"], debconf: [], prepare: "" },
  // Servers of zone files, to load ours.
  { name: "nameservers", packages: ["bind9", "knot", "unbound"], debconf: [], prepare: "" },
  // A mailbox to read and a server to submit to: Dovecot and Postfix on one machine, with a certificate for its address.
  {
    name: "mailhost",
    packages: ["dovecot-imapd", "postfix", "openssl"],
    debconf: [
      "postfix postfix/main_mailer_type select Internet Site",
      "postfix postfix/mailname string ourcollege.ac.uk",
    ],
    prepare: `
for NAME in abuse ann; do useradd --create-home --shell /bin/sh $NAME; done
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx1.ourcollege.ac.uk -addext subjectAltName=IP:10.1.1.2 \\
  -keyout /etc/ssl/lab.key -out /etc/ssl/lab.crt 2>/dev/null
chmod 600 /etc/ssl/lab.key
`,
  },
  // Packet filters, to compare our readers with.
  { name: "filters", packages: ["nftables", "iptables", "ipset"], debconf: [], prepare: "" },
];

/** The recipe of that name; the names are a closed set. */
export function recipeFor(name: RootName): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found === undefined) throw new Error(`No recipe for ${name}.`);
  return found;
}
