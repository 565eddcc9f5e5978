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

/** The lab appends `master.lab` to the packaged master.cf when it starts. */
const appended = "/etc/postfix/master.lab";

export function treeOfMailer({ product, files }: Mailer): ConfigTree {
  const { [appended]: master = "", ...rest } = files;
  const own = product === "postfix" ? { ...rest, "/etc/postfix/master.cf": packagedMaster + master } : files;
  return treeOf(roots[product], { ...machine[product], ...own });
}

/** The files of a mailer after an edit; `null`: something was edited that the lab does not take from its variants. */
export function filesOfTree(tree: ConfigTree, before: Mailer): Record<string, string> | null {
  const files: Record<string, string> = {};
  for (const [path, file] of tree.files) {
    if (file.kind !== "text") return null;
    if (path === "/etc/postfix/master.cf") {
      if (!file.text.startsWith(packagedMaster)) return null;
      const rest = file.text.slice(packagedMaster.length);
      if (rest !== "") files[appended] = rest;
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
