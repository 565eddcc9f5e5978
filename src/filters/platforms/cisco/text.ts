/** Words of ours in a device's configuration. */
import type { RenderJob } from "../../platform.ts";

/** A site's name is any text; in remarks stand letters, digits and few signs, and not too many (100 at most). */
export const safe = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9 .,_-]+/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 50) || "unnamed";

/** A name that a person gave for a list or an interface: no line may be broken out of with it. */
export const oneWord = (text: string): string => text.replace(/[^\x21-\x7e]+/g, "").slice(0, 100) || "unnamed";

export const remark = ({ site, revision }: RenderJob): string => `fencepost site=${safe(site)} rev=${revision}`;

/** Lists bear the revision in their names, so that the old one stays whole until the new one is attached. */
export const listName = (direction: "in" | "out", family: 4 | 6, { revision }: RenderJob): string =>
  `FP25-${direction === "in" ? "IN" : "OUT"}${family === 6 ? "6" : ""}-${revision}`;

export const familyTitle = (family: 4 | 6): string => `IPv${family}`;
