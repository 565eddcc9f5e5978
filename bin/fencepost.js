#!/usr/bin/env node
// Runs the program under Node 24: in this process if it is one, else with the Node that npm installed beside us.
// Plain JavaScript without dependencies, because it must still load on the oldest Node that npm supports.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/cli/main.js", import.meta.url);

if (Number(process.versions.node.split(".")[0]) >= 24) {
  await import(main.href);
} else {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  let node;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    node = join(dirname(manifest), createRequire(import.meta.url)(manifest).bin.node);
  } catch {
    process.stderr.write(
      `fencepost: needs Node 24 or newer; this is Node ${process.versions.node}, and the package ${name} is not installed. Install Node 24.\n`,
    );
    process.exit(69);
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], {
    // The channel lets the program notice that this launcher was killed.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`fencepost: could not start ${node}: ${error.message}\n`);
    process.exit(70);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 70);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
