// `node test/lab/audit-opensmtpd.ts [CONFIGURATIONS [SEED]]`: compares what the audit says of made-up configurations with
// what the running smtpd answers at RCPT. Exit 1 if one differs.
import { differential } from "./audit-by-play.ts";
import { opensmtpdCase } from "./opensmtpd-configurations.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";

const [count = 60, first = 1] = process.argv.slice(2).map(Number);
await ensureRoots([recipeFor("opensmtpd")]);
await differential(
  "opensmtpd",
  Array.from({ length: count }, (_, index) => opensmtpdCase(first + index)),
);
