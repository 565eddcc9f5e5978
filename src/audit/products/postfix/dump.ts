/**
 * A saved dump: what `postconf -nf`, `postconf -Mf` and `postconf -Pf` print, in one file. Its parts are told by their form
 * and stay at their lines: what belongs to the other part is left blank.
 */

export interface Dump {
  readonly main: string;
  /** `null`: the services are not in it. */
  readonly master: string | null;
}

/** `smtp inet n - y - - smtpd`: name, type, three flags, two numbers, command (master(5)). */
const service = /^\S+\s+(inet|unix|unix-dgram|fifo|pass)\s+([yn-]\s+){3}\S+\s+\S+\s+\S/;
/** `postconf -P` repeats what `postconf -M` shows with `-o`. */
const ofService = /^\S+\/(inet|unix|unix-dgram|fifo|pass)\/\S+\s*=/;

export function partsOfDump(text: string): Dump {
  const main: string[] = [];
  const master: string[] = [];
  let services = 0;
  let part: "main" | "master" | "neither" = "main";
  for (const line of text.split("\n")) {
    const continues = /^\s/.test(line);
    if (!continues && !line.startsWith("#")) {
      part = service.test(line) ? "master" : ofService.test(line) ? "neither" : "main";
      if (part === "master") services += 1;
    }
    main.push(part === "main" ? line : "");
    master.push(part === "master" ? line : "");
  }
  return { main: main.join("\n"), master: services === 0 ? null : master.join("\n") };
}
