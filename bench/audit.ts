// How long audits take: one large configuration, and a thousand small ones in one call. `node bench/audit.ts`
import { auditTree } from "../src/audit/examine.ts";
import { treeOf } from "../src/audit/tree.ts";
import { postfixVariants } from "../test/lab/mailers/postfix.ts";

const request = { site: null, product: "postfix", version: null, deployment: null, follow: null, deadLists: [] };

function timed(what: string, run: () => string): void {
  const started = performance.now();
  const said = run();
  console.log(`${what}: ${Math.round(performance.now() - started)} ms (${said})`);
}

for (const entries of [25_000, 50_000, 100_000]) {
  const table = Array.from({ length: entries }, (_, n) => `user${n}@d${n % 977}.example DUNNO\n`).join("");
  const lines = Array.from({ length: 5000 }, (_, n) => `parameter_${n} = $parameter_${n + 1}\n`).join("");
  const main = `compatibility_level = 3.6\n${lines}smtpd_relay_restrictions = permit_mynetworks, check_sender_access hash:/etc/postfix/big, reject_unauth_destination\n`;
  const tree = treeOf("/etc/postfix", { "/etc/postfix/main.cf": main, "/etc/postfix/big": table });
  timed(`5,000 lines, an access table of ${entries} entries`, () => auditTree("big", tree, request).verdict);
}

for (const count of [250, 500, 1000])
  timed(`${count} configurations`, () => {
    let open = 0;
    for (let n = 0; n < count; n += 1) {
      const { name, files } = postfixVariants[n % postfixVariants.length] as (typeof postfixVariants)[number]; // in bounds
      if (auditTree(name, treeOf("/etc/postfix", files), request).verdict === "open") open += 1;
    }
    return `${open} open`;
  });
