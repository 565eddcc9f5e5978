// `node test/lab/audit-courier.ts [CONFIGURATIONS [SEED]]`: compares what the audit says of made-up configurations with what
// the running Courier answers at RCPT. Exit 1 if one differs.
import { mailerA } from "./addresses.ts";
import { clients, differential, type PlayedCase, randomFrom } from "./audit-by-play.ts";
import { onBoth } from "./mailers/listeners.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import type { Exploit } from "./variant.ts";

const entries = [
  "10.1.1\tallow,RELAYCLIENT",
  ":2001:0db8:0001\tallow,RELAYCLIENT",
  "10\tallow,RELAYCLIENT",
  "10.9.9\tallow",
  "10.9.9.9\tdeny",
  ':2001:0db8:0009\tallow,BLOCK="550 go away",RELAYCLIENT',
  '203.0.113\tallow,RELAYCLIENT=""',
  "203.0.113.9\tallow,FAXRELAYCLIENT",
  "203 allow,RELAYCLIENT",
  ":2001:db8:99\tallow,RELAYCLIENT",
  ":2001:0db8:0099:0000:0000:0000:0000:0009\tallow,BLOCK",
  ":2001\tRELAYCLIENT",
  "*\tallow,RELAYCLIENT",
];
const accepted = [
  "ourcollege.ac.uk",
  "partner.example",
  ".partner.example",
  ".example",
  "Upper.Example",
  "x.y.z.deep.test",
];

function courierCase(seed: number): PlayedCase {
  const random = randomFrom(seed * 7919 + 37);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // the index is in bounds
  const chance = (probability: number): boolean => random() < probability;
  const some = (from: readonly string[], probability: number): string =>
    from
      .filter((one) => chance(one.startsWith("*") || one.startsWith(".example") ? probability / 4 : probability))
      .map((line) => `${line}\n`)
      .join("");
  const file = (name: string): string => `/etc/courier/${name}`;
  const quiet = "BOFHCHECKDNS=0\n";
  const submission = chance(0.6);
  const files = {
    [file("me")]: `${mailerA.host}\n`,
    [file("locals")]:
      `${pick(["ourcollege.ac.uk", "ourcollege.ac.uk", "!mail.ourcollege.ac.uk\n.ourcollege.ac.uk\nourcollege.ac.uk"])}\nlocalhost # and itself\n`,
    [file("defaultdomain")]: "ourcollege.ac.uk\n",
    [file("dsnfrom")]: '"Mail Delivery System" <>\n',
    [file("aliases/system")]: "postmaster: alice\nabuse: alice\nmailer-daemon: alice\nbob: bob@forwarded.example\n",
    [file("smtpaccess/default")]: `# clients\n${some(entries, 0.25)}`,
    [file("esmtpacceptmailfor.dir/system")]:
      `${chance(0.8) ? "ourcollege.ac.uk\n" : ""}${some(accepted.slice(1), 0.25)}`,
    ...(chance(0.3) ? { [file("esmtpacceptmailfor")]: `!bad.partner.example\n${some(accepted, 0.3)}` } : {}),
    ...(chance(0.3)
      ? { [file("esmtppercentrelay.dir/system")]: pick(["elsewhere.example\n", ".example\n", "partner.example\n"]) }
      : {}),
    [file("esmtpd.lab")]: `${quiet}${chance(0.08) ? "RELAYCLIENT=\n" : ""}${chance(0.1) ? "AUTH_REQUIRED=1\n" : ""}`,
    ...(submission
      ? { [file("esmtpd-msa.lab")]: `${quiet}${pick(["", "", "AUTH_REQUIRED=1\n", "RELAYCLIENT=\n"])}` }
      : {}),
  };
  // As the lab makes them of the packaged ones; a file that is not there is not read.
  const { [file("esmtpd.lab")]: own = "", [file("esmtpd-msa.lab")]: msa } = files;
  const machine = {
    [file("esmtpd")]: `PORT=smtp\nACCESSFILE=$sysconfdir/smtpaccess\nESMTPAUTH=""\n${own}`,
    ...(msa === undefined ? {} : { [file("esmtpd-msa")]: `PORT=587\nADDRESS=0\nAUTH_REQUIRED=0\n${msa}` }),
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nmail:x:8:8::/var/mail:\n",
  };
  return {
    variant: {
      product: "courier",
      name: `courier-audit-${seed}`,
      truth: "closed",
      openTo: "whoever the seed says",
      files,
      listeners: [...onBoth(25), ...(submission ? onBoth(587) : [])],
    },
    sessions: Array.from({ length: 30 }, () => sessionOf(pick, submission)),
    machine,
    root: "/etc/courier",
    speaksTls: true,
  };
}

function sessionOf(pick: <T>(from: readonly T[]) => T, submission: boolean): Exploit {
  return {
    ...pick(clients),
    port: submission ? pick([25, 25, 587]) : 25,
    helo: "host9.isp.example",
    mailFrom: pick(["lab@isp.example", "", "x@ourcollege.ac.uk", "x@nodot"]),
    rcptTo: pick([
      "probe@elsewhere.example",
      "probe@elsewhere.example",
      "alice@ourcollege.ac.uk",
      "Postmaster@OurCollege.ac.uk",
      "no-such-person@ourcollege.ac.uk",
      "alice@mail.ourcollege.ac.uk",
      "alice@sub.ourcollege.ac.uk",
      "postmaster",
      "probe@partner.example",
      "probe@bad.partner.example",
      "probe@a.b.partner.example",
      "probe@notpartner.example",
      "probe@upper.example",
      "probe@x.y.z.deep.test",
      "probe@w.x.y.z.deep.test",
      `probe@${mailerA.host}`,
      "probe%elsewhere.example@ourcollege.ac.uk",
      "alice%ourcollege.ac.uk@ourcollege.ac.uk",
      "probe%elsewhere.example@partner.example",
      "probe%elsewhere.example",
      "elsewhere.example!probe@ourcollege.ac.uk",
      "elsewhere.example!probe@partner.example",
      '"probe@elsewhere.example"@ourcollege.ac.uk',
      "@ourcollege.ac.uk:probe@elsewhere.example",
      "@elsewhere.example:alice@ourcollege.ac.uk",
      "probe@elsewhere.example@ourcollege.ac.uk",
      "probe@[203.0.113.9]",
      "probe@elsewhere.example.",
      "alice@ourcollege.ac.uk.",
      "nobody@ourcollege.ac.uk.",
      "probe@localhost",
    ]),
    message: "none",
  };
}

const [count = 20, first = 1] = process.argv.slice(2).map(Number);
await ensureRoots([recipeFor("courier")]);
await differential(
  "courier",
  Array.from({ length: count }, (_, index) => courierCase(first + index)),
);
