/** Programs of this machine, asked for a few lines about themselves. */
import { execFile } from "node:child_process";
import type { Programs } from "../ports.ts";

const limits = { timeout: 10_000, maxBuffer: 1024 * 1024 } as const;

/** Fixed words, no shell; standard input is empty. */
export const programs: Programs = {
  ask: (argv, signal) =>
    new Promise((resolve) => {
      const [file = "", ...args] = argv;
      const child = execFile(file, args, { ...limits, signal, env: { PATH: programPath, LC_ALL: "C" } }, (error, out) =>
        resolve(error === null || out !== "" ? out : null),
      );
      child.stdin?.on("error", () => {});
      child.stdin?.end();
    }),
};

/** Mailers live in `sbin`, which the PATH of a user without privileges leaves out. */
const programPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
