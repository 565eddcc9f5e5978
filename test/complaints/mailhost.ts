// Dovecot and Postfix on one machine in a namespace of its own: an abuse mailbox to read and mark, a submission server that
// wants a login over TLS, and a reporter who has a mailbox there, too.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mailerA } from "../lab/addresses.ts";
import { startMailer } from "../lab/mailer.ts";
import { createNetwork } from "../lab/network.ts";
import type { Product } from "../lab/product.ts";
import { recipeFor } from "../lab/recipes.ts";
import { ensureRoots } from "../lab/roots.ts";
import { mustRun, type Ran, run } from "../lab/run.ts";
import { scratchFolder, unpack } from "../lab/unpacked.ts";

/** Of everybody. */
export const password = "correct-horse";

export interface Mailhost extends AsyncDisposable {
  readonly address: string;
  /** The certificate to be trusted, for NODE_EXTRA_CA_CERTS. */
  readonly certificate: string;
  /** Runs a program on another machine of the site. */
  readonly exec: (argv: readonly string[], env: Readonly<Record<string, string>>, cwd: string) => Promise<Ran>;
  readonly log: () => string;
}

const product: Product = {
  name: "postfix",
  settleMs: 0,
  start: `
cat /etc/postfix/master.lab >>/etc/postfix/master.cf
postconf -F '*/*/chroot=n'
touch -d '1 minute ago' /etc/postfix/*.cf
for NAME in abuse ann; do
  mkdir -p /home/$NAME/Maildir/cur /home/$NAME/Maildir/new /home/$NAME/Maildir/tmp
  chown -R $NAME: /home/$NAME
done
dovecot -c /etc/dovecot/lab.conf
exec /usr/lib/postfix/sbin/master -d
`,
};

const dovecot = `
protocols = imap
listen = *
log_path = /dev/stderr
ssl = required
ssl_cert = </etc/ssl/lab.crt
ssl_key = </etc/ssl/lab.key
mail_location = maildir:~/Maildir
disable_plaintext_auth = yes
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = passwd
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = 12345
  }
}
`;

const main = `
compatibility_level = 3.6
myhostname = ${mailerA.host}
mydestination = ourcollege.ac.uk, victim.example, localhost
mynetworks = 127.0.0.0/8
inet_interfaces = all
home_mailbox = Maildir/
alias_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_tls_cert_file = /etc/ssl/lab.crt
smtpd_tls_key_file = /etc/ssl/lab.key
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:12345
`;

const master = `
submission inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
`;

/** `mail`: what lies in the abuse mailbox at first, by file name. */
export async function startMailhost(mail: Readonly<Record<string, string>>): Promise<Mailhost> {
  const stack = new AsyncDisposableStack();
  try {
    const [root] = await ensureRoots([recipeFor("mailhost")]);
    if (root === undefined) throw new Error("no root was built");
    const unpacked = stack.use(await unpack(root));
    const network = stack.use(await createNetwork());
    const files = {
      "/etc/dovecot/lab.conf": dovecot,
      "/etc/postfix/main.cf": main,
      "/etc/postfix/master.lab": master,
      ...Object.fromEntries(Object.entries(mail).map(([name, text]) => [`/home/abuse/Maildir/new/${name}`, text])),
    };
    const listeners = [{ address: mailerA.v4, port: 587, role: "submission" }] as const;
    const running = stack.use(
      await startMailer(
        { product: "postfix", files, listeners },
        { product, unpacked, network, seat: "a", place: mailerA },
      ),
    );
    const folder = await scratchFolder("mailhost");
    stack.defer(async () => void (await run(["rm", "-rf", folder])));
    const certificate = join(folder, "lab.crt");
    await writeFile(certificate, await mustRun(["tar", "-xOf", root.tar, "./etc/ssl/lab.crt"]));
    return {
      address: mailerA.v4,
      certificate,
      exec: (argv, env, cwd) =>
        run(["ip", "netns", "exec", network.names.inside, ...argv], { env: { ...process.env, ...env }, cwd }),
      log: running.log,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
