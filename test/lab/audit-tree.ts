// A variant's configuration as an audit is given it, and back: what the lab starts is what was audited.
import type { TreeRequest } from "../../src/audit/request.ts";
import { treeOf } from "../../src/audit/tree.ts";
import type { ConfigTree } from "../../src/ports.ts";
import { parseSite, type Site } from "../../src/site/site.ts";
import { packagedMaster } from "./postfix-master.ts";
import { siteYaml } from "./site-file.ts";
import type { Mailer, ProductName, Variant } from "./variant.ts";

const roots: Readonly<Record<ProductName, string>> = {
  postfix: "/etc/postfix",
  exim: "/etc/exim4",
  sendmail: "/etc/mail",
  opensmtpd: "/etc",
  courier: "/etc/courier",
  haraka: "/srv/haraka/config",
};

/** What the lab's machines have besides, where a product reads it. */
const machine: Readonly<Partial<Record<ProductName, Readonly<Record<string, string>>>>> = {
  opensmtpd: {
    "/etc/mailname": "ourcollege.ac.uk\n",
    "/etc/aliases": "postmaster: alice\nbob: bob@forwarded.example\n",
  },
};

/** Files that the lab appends to those of the package when it starts: by name, what they become, and what stands there. */
const appended: Readonly<Record<string, { readonly to: string; readonly packaged: string; readonly always: boolean }>> =
  {
    "/etc/postfix/master.lab": { to: "/etc/postfix/master.cf", packaged: packagedMaster, always: true },
    "/etc/courier/esmtpd.lab": {
      to: "/etc/courier/esmtpd",
      packaged: 'PORT=smtp\nACCESSFILE=$sysconfdir/smtpaccess\nESMTPAUTH=""\nAUTH_REQUIRED=0\n',
      always: true,
    },
    // The submission daemon runs only where a variant has settings for it.
    "/etc/courier/esmtpd-msa.lab": { to: "/etc/courier/esmtpd-msa", packaged: "PORT=587\n", always: false },
  };

export function treeOfMailer({ product, files }: Mailer): ConfigTree {
  const own: Record<string, string> = {};
  for (const [path, text] of Object.entries(files)) if (!(path in appended)) own[path] = text;
  for (const [name, { to, packaged, always }] of Object.entries(appended))
    if (to.startsWith(`${roots[product]}/`) && (always || name in files)) own[to] = packaged + (files[name] ?? "");
  return treeOf(roots[product], { ...machine[product], ...own });
}

/** The files of a mailer after an edit; `null`: something was edited that the lab does not take from its variants. */
export function filesOfTree(tree: ConfigTree, before: Mailer): Record<string, string> | null {
  const files: Record<string, string> = {};
  for (const [path, file] of tree.files) {
    if (file.kind !== "text") return null;
    const [name, made] = Object.entries(appended).find(([, { to }]) => to === path) ?? [path, null];
    if (made !== null) {
      if (!file.text.startsWith(made.packaged)) return null;
      const rest = file.text.slice(made.packaged.length);
      if (rest !== "" || !made.always) files[name] = rest;
    } else if (path in before.files) files[path] = file.text;
    else if (machine[before.product]?.[path] !== file.text) return null;
  }
  return files;
}

export function siteOf(variant: Variant): Site {
  const read = parseSite(siteYaml(variant), "site.yaml");
  if (!read.ok) throw new Error("the lab's site file cannot be read");
  return read.site;
}

export function requestOf(variant: Variant): TreeRequest {
  return {
    site: siteOf(variant),
    product: variant.product,
    version: null,
    deployment: null,
    follow: null,
    deadLists: [],
  };
}
