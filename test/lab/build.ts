// `node test/lab/build.ts [NAME…]`: builds the lab's roots, or says that they are there.
import { recipes } from "./recipes.ts";
import { cacheFolder, ensureRoots } from "./roots.ts";

const asked = process.argv.slice(2);
const wanted = asked.length === 0 ? recipes : recipes.filter((recipe) => asked.includes(recipe.name));
const started = Date.now();
for (const root of await ensureRoots(wanted))
  process.stdout.write(`${root.name.padEnd(10)} ${root.made.padEnd(7)} ${root.seconds} s\n`);
process.stdout.write(`${wanted.length} roots in ${cacheFolder()}, ${Math.round((Date.now() - started) / 1000)} s\n`);
