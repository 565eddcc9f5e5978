/**
 * Courier: the folder /etc/courier into listeners (esmtpd, esmtpd-msa, esmtpd-ssl) with their rules.
 * `test/lab/audit-courier.ts` compares the reading with the running 1.0.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import type { Configuration, NamedDomain } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { type CourierDomains, databaseList, eitherOf, textList } from "./domains.ts";
import { type CourierFolder, courierFolderOf, linesOf } from "./files.ts";
import { listenersOf } from "./listeners.ts";

/** Reads the configuration in the snapshot; `null`: there is none of Courier in it. */
export function readCourier(tree: ConfigTree, version: string | null): Configuration | null {
  const folder = courierFolderOf(tree);
  if (folder === null) return null;
  const me = hostNameOf(folder);
  const domains = domainsOf(me, folder);
  const listeners = listenersOf(folder, domains);
  const { troubles } = folder;
  return {
    product: "courier",
    version,
    checkedAgainst: "running",
    listeners,
    domains: namedDomains(domains),
    hostNames: me === null ? [] : [me],
    assumes: [
      "the databases (.dat) were made from the sources that are here",
      ...(me === null ? ["the name of the machine is in no outside domain"] : []),
      ...(accountsOf(tree) === null ? ["valid recipients are accounts or aliases of the machine"] : []),
      ...(linesOf("esmtpd-msa", folder) === null ? [] : ["esmtpd-msa is started, on its port"]),
    ],
    unreadable: troubles,
  };
}

function hostNameOf(folder: CourierFolder): string | null {
  const own = linesOf("me", folder)?.[0]?.text.trim().toLowerCase();
  if (own !== undefined && own !== "") return own;
  const file = fileAt(folder.tree, "/etc/hostname", "/etc")?.file;
  return file?.kind === "text" ? (/^\s*([\w.-]+)/.exec(file.text)?.[1]?.toLowerCase() ?? null) : null;
}

function domainsOf(me: string | null, folder: CourierFolder): CourierDomains {
  const locals = textList("locals", me, folder);
  const hosted = databaseList("hosteddomains", folder);
  const percent = eitherOf(textList("esmtppercentrelay", null, folder), databaseList("esmtppercentrelay.dir", folder));
  const accepted = eitherOf(textList("esmtpacceptmailfor", me, folder), databaseList("esmtpacceptmailfor.dir", folder));
  const accounts = accountsOf(folder.tree);
  const aliases = aliasesOf(folder);
  return {
    ownName: me,
    locals,
    hosted,
    accepted,
    unfoldable: percent,
    isLocal: (domain) => locals.find(domain) !== null || hosted.find(domain) !== null,
    unfolds: (domain) => percent.find(domain) !== null,
    account: (name) => {
      const lower = name.toLowerCase();
      if (aliases.has(lower)) return "yes";
      if (accounts === null) return /^[a-z0-9_][a-z0-9_.-]*$/.test(lower) ? "yes" : "no";
      return accounts.has(lower) ? "yes" : "no";
    },
  };
}

function accountsOf(tree: ConfigTree): ReadonlySet<string> | null {
  const file = fileAt(tree, "/etc/passwd", "/etc")?.file;
  if (file?.kind !== "text") return null;
  return new Set(
    file.text
      .split("\n")
      .map((line) => line.split(":")[0] ?? "")
      .filter((name) => name !== ""),
  );
}

/** Names of aliases that belong to the machine itself: those without a domain. */
function aliasesOf(folder: CourierFolder): ReadonlySet<string> {
  const base = posix.join(folder.path, "aliases");
  const files = [...folder.tree.files.keys()].filter((path) => posix.dirname(path) === base);
  const lines = files.flatMap((path) => linesOf(posix.join("aliases", posix.basename(path)), folder) ?? []);
  return new Set(lines.flatMap(({ text }) => /^([^\s#@:]+)\s*:/.exec(text)?.[1]?.toLowerCase() ?? []));
}

function namedDomains({ locals, hosted, accepted, isLocal, ownName }: CourierDomains): readonly NamedDomain[] {
  const found = new Map<string, NamedDomain>();
  for (const list of [locals, hosted, accepted])
    for (const { name, below, where } of list.names) {
      const before = found.get(name);
      const end = before?.end ?? (isLocal(name) || name === ownName ? "local" : "listed");
      if (found.size < 50_000)
        found.set(name, { name, end, below: below || before?.below === true, where: before?.where ?? where });
    }
  return [...found.values()];
}
