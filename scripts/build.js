// Compiles src/ to dist/, which is emptied first so that nothing stays that has no source any more; then the catalogue
// to one JSON text, checked once here instead of at each start.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
if (status === 0) {
  const { shippedCatalogue } = await import("../dist/io/files.js");
  const { loadCatalogue } = await import("../dist/knowledge/catalogue.js");
  const read = loadCatalogue(await shippedCatalogue());
  if (read.ok) writeFileSync(new URL("../dist/catalogue.json", import.meta.url), JSON.stringify(read.catalogue));
  else {
    for (const { path, line, message } of read.errors) console.error(`catalogue/${path}:${line}: ${message}`);
    process.exitCode = 1;
  }
}
