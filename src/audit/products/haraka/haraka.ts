/**
 * Haraka: the folder `config` (plugins, lists, ini files) and the site's own plugins beside it, into listeners with their
 * rules. `test/lab/audit-haraka.ts` compares the reading with the running 3.3.
 */
import type { ConfigTree } from "../../../ports.ts";
import type { Configuration, NamedDomain, Unknown } from "../../rules.ts";
import { type ConfigFolder, configFolderOf } from "./files.ts";
import { listenersOf } from "./listeners.ts";
import { pluginsOf } from "./plugins.ts";
import { marksTransaction, type Policy, policyOf } from "./policy.ts";

/** Reads the configuration in the snapshot; `null`: there is none of Haraka in it. */
export function readHaraka(tree: ConfigTree, version: string | null): Configuration | null {
  const folder = configFolderOf(tree);
  if (folder === null) return null;
  const plugins = pluginsOf(folder);
  const policy = policyOf(folder, plugins);
  const me = folder.list("me")[0]?.text.toLowerCase() ?? null;
  const overridden = folder.has("smtp.json") || folder.has("smtp.yaml");
  const json: Unknown[] = overridden
    ? [{ unknown: "settings that smtp.json or smtp.yaml put over the other files", where: null }]
    : [];
  const unknown = plugins.filter(({ kind }) => kind === "unknown");
  return {
    product: "haraka",
    version,
    checkedAgainst: "running",
    listeners: listenersOf(folder, policy, [...folder.unreadable, ...json]),
    domains: namedDomains(policy),
    hostNames: me === null ? [] : [me],
    assumes: assumesOf(folder, policy),
    unreadable: [
      ...folder.unreadable,
      ...json,
      ...unknown.map(({ name, where }): Unknown => ({ unknown: `what the plugin ${name} does`, where })),
    ],
  };
}

/** Those that mark a transaction first: a session must begin with one of them to show it. */
function namedDomains(policy: Policy): readonly NamedDomain[] {
  const found = new Map<string, NamedDomain>();
  const add = (domain: NamedDomain): void => {
    if (found.size < 50_000 && domain.name.includes(".") && !found.has(domain.name)) found.set(domain.name, domain);
  };
  for (const [name, { action, where }] of policy.destinations ?? [])
    if (marksTransaction(`<postmaster@${name}>`, policy)) add({ name, end: "local", below: false, where });
    else if (action === "accept") add({ name, end: "listed", below: false, where });
  for (const { text, where } of policy.hostList.names) add({ name: text, end: "local", below: false, where });
  if (policy.forward.checksRecipient)
    for (const [name, where] of policy.forwarded) add({ name, end: "listed", below: false, where });
  return [...found.values()];
}

function assumesOf(folder: ConfigFolder, { plugins }: Policy): readonly string[] {
  const own = plugins.filter(({ name, kind }) => kind === "quiet" && folder.plugin(name) !== null);
  return [
    "Haraka runs with this folder, and with plugins of its own release where none of the same name lies here",
    ...(own.length > 0
      ? [
          `${own
            .map(({ name }) => name)
            .slice(0, 5)
            .join(", ")}: own code, in which nothing sets relaying or accepts recipients`,
        ]
      : []),
  ];
}
