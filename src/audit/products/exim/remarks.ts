/** What relays nothing and should be otherwise all the same. */
import type { ConfigTree } from "../../../ports.ts";
import type { Explained } from "../../product.ts";
import { isBefore } from "../../versions.ts";

export function remarksOf(_tree: ConfigTree, version: string | null): readonly Explained[] {
  if (version === null || !isBefore(version, [4, 97, 1])) return [];
  return [
    {
      tag: "EXIM_SMUGGLING",
      severity: "medium",
      says: `Exim ${version} takes a bare line feed before the final dot for the end of a message (SMTP smuggling).`,
      why: "A second message can be hidden in the text of a first, and gets the trust of its session (CVE-2023-51766).",
      remedy: "Upgrade to 4.97.1 or newer, or to a package of your distribution that names this CVE in its changelog.",
      where: null,
    },
  ];
}
