// `node test/lab/audit-postfix.ts [CONFIGURATIONS [SEED]]`: compares what the audit says of made-up configurations with
// what the running Postfix answers at RCPT. Exit 1 if one differs.
import { differential } from "./audit-by-play.ts";
import { postfixCase } from "./postfix-configurations.ts";
import { recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";

const [count = 100, first = 1] = process.argv.slice(2).map(Number);
await ensureRoots([recipeFor("postfix")]);
await differential(
  "postfix",
  Array.from({ length: count }, (_, index) => postfixCase(first + index)),
);
