// Courier: a right configuration and ways to open it. RELAYCLIENT in a session's environment is what grants relaying.
import { mailerA, mailerB } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, plain } from "./listeners.ts";
import { innerPostfix } from "./postfix.ts";

export const courier: Product = {
  name: "courier",
  settleMs: 5000,
  // The packaged limits (five connections an address, a pause after refusals) are for a busier world than this one.
  start: `
cd /etc/courier
printf 'MAXPERIP=40\\nMAXPERC=40\\nTARPIT=0\\n' >>esmtpd
[ ! -f esmtpd.lab ] || cat esmtpd.lab >>esmtpd
[ ! -f esmtpd-msa.lab ] || cat esmtpd-msa.lab >>esmtpd-msa
chown -R courier:courier aliases esmtpacceptmailfor.dir
install -d -o courier -g courier -m 755 /run/courier /run/courier/authdaemon
makesmtpaccess
makeacceptmailfor
[ ! -d esmtppercentrelay.dir ] || makepercentrelay
makealiases
authdaemond start
courier start
courierfilter start
esmtpd start
[ ! -f esmtpd-msa.lab ] || esmtpd-msa start
`,
};

type Parts = {
  readonly access?: string;
  readonly acceptFor?: string;
  readonly files?: Readonly<Record<string, string>>;
};

const rightAccess = `127.0.0.1	allow,RELAYCLIENT
:0000:0000:0000:0000:0000:0000:0000:0001	allow,RELAYCLIENT
10.1.1	allow,RELAYCLIENT
:2001:0db8:0001	allow,RELAYCLIENT
`;

function mailer(parts: Parts): Mailer {
  return {
    product: "courier",
    files: {
      "/etc/courier/me": `${mailerA.host}\n`,
      "/etc/courier/locals": "ourcollege.ac.uk\nlocalhost\n",
      "/etc/courier/defaultdomain": "ourcollege.ac.uk\n",
      "/etc/courier/dsnfrom": '"Mail Delivery System" <>\n',
      "/etc/courier/aliases/system":
        "postmaster: alice\nabuse: alice\nmailer-daemon: alice\nbob: bob@forwarded.example\n",
      "/etc/courier/smtpaccess/default": parts.access ?? rightAccess,
      "/etc/courier/esmtpacceptmailfor.dir/system": parts.acceptFor ?? "ourcollege.ac.uk\n",
      ...parts.files,
    },
    listeners: onBoth(25),
  };
}

export const courierVariants: readonly Variant[] = [
  {
    ...mailer({}),
    name: "courier-closed",
    truth: "closed",
    openTo: "nobody",
  },
  {
    ...mailer({ files: { "/etc/courier/esmtpd.lab": "RELAYCLIENT=\n" } }),
    name: "courier-everyone",
    truth: "open",
    openTo: "everyone: RELAYCLIENT is set for all sessions",
    exploit: plain,
  },
  {
    ...mailer({ access: `${rightAccess}203.0.113	allow,RELAYCLIENT\n:2001:0db8:0099	allow,RELAYCLIENT\n` }),
    name: "courier-provider",
    truth: "open",
    openTo: "every customer of one provider, by its prefixes",
    exploit: plain,
  },
  {
    ...mailer({ access: `${rightAccess}:2001	allow,RELAYCLIENT\n` }),
    name: "courier-ipv6-only",
    truth: "open",
    openTo: "everyone in a wide IPv6 prefix",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer({ acceptFor: "ourcollege.ac.uk\n.example\n" }),
    name: "courier-top-level-domain",
    truth: "open",
    openTo: "everyone, towards a whole top-level domain",
    exploit: plain,
  },
  {
    ...mailer({ files: { "/etc/courier/esmtpd-msa.lab": "RELAYCLIENT=\n" } }),
    name: "courier-port-587",
    truth: "open",
    openTo: "everyone, on port 587, where authentication was forgotten",
    listeners: [...onBoth(25), ...onBoth(587)],
    exploit: { ...plain, port: 587 },
  },
  {
    ...mailer({
      files: { "/etc/courier/esmtppercentrelay.dir/system": "elsewhere.example\n.fencepost-tests.example\n" },
    }),
    name: "courier-percent",
    truth: "open",
    openTo: "everyone: user%host@here is unfolded for the hosts in a list",
    exploit: { ...plain, rcptTo: "{token}%elsewhere.example@ourcollege.ac.uk" },
  },
  {
    ...mailer({
      files: {
        "/etc/courier/locals": "localhost\n",
        "/etc/courier/esmtproutes": `ourcollege.ac.uk:${mailerB.host}\n`,
      },
    }),
    name: "courier-percent-chain",
    truth: "open",
    openTo: "everyone: the outer mailer hands user%host on, the inner one trusts it and unfolds the address",
    exploit: { ...plain, rcptTo: "{token}%elsewhere.example@ourcollege.ac.uk" },
    second: innerPostfix(),
  },
];
