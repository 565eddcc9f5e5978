/** Whether a configuration names the domains by which an audit means strangers: then it may treat them as friends. */
import type { ConfigTree } from "../ports.ts";
import { type Span, sourceOf } from "../text/source.ts";
import { elsewhere, strangersDomain } from "../witness/strangers.ts";

const names = new RegExp(`${elsewhere}|${strangersDomain}`.replaceAll(".", "\\."), "i");

/** The first place that names one; `null`: none does, and a stranger in a witness is nobody to the configuration. */
export function strangersNamed(tree: ConfigTree): Span | null {
  for (const [file, content] of tree.files) {
    if (content.kind !== "text") continue;
    const found = names.exec(content.text);
    if (found !== null) return sourceOf(file, content.text).span(found.index, found.index + found[0].length);
  }
  return null;
}
