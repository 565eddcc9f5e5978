/** Places and troubles of JSON documents, and addresses as clouds speak of them. */
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../../../net/prefix.ts";
import type { Addresses, Place, Trouble } from "../../model.ts";
import { type Located, readDocuments, shown } from "../json/located.ts";

export interface Read {
  readonly documents: readonly Located[];
  readonly troubles: Trouble[];
  /** The text is no JSON, or ends too early. */
  readonly broken: string | null;
  place(node: Located): Place;
}

export function readJson(file: string, text: string): Read {
  const { documents, wrong } = readDocuments(text);
  const broken = wrong === null ? null : `the JSON text is damaged: ${wrong.says}`;
  const troubles: Trouble[] =
    wrong === null || broken === null ? [] : [{ place: { file, line: wrong.line, text: "" }, says: broken }];
  return { documents, troubles, broken, place: (node) => ({ file, line: node.line, text: shown(node) }) };
}

/** Every object in the documents, parents before what is in them; no depth is too deep. */
export function* everyObject(documents: readonly Located[]): Generator<Extract<Located, { kind: "object" }>> {
  const waiting: Located[] = [...documents].reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === "value") continue;
    if (next.kind === "object") yield next;
    const inner = next.kind === "array" ? next.items : [...next.entries.values()];
    for (let at = inner.length - 1; at >= 0; at -= 1) waiting.push(inner[at]!);
  }
}

const prefixes = (...texts: string[]): IpSet =>
  ipSet(
    texts.map((text) => {
      const read = parsePrefix(text);
      if (!read.ok) throw new Error(text);
      return read.value;
    }),
  );

/** Where a virtual network's own addresses come from. */
export const privateSpace = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7");
export const publicSpace = privateSpace.complement();

export const addresses = (set: IpSet): Addresses => ({ set, masked: [] });

/** The name of a tag that says which hosts a group or list of ours is for. */
const hostsTag = "fencepost:hosts";
/** A tag's value holds so many characters, a resource so many tags. */
const longestTag = 256;
const mostTags = 45;

/** Tags that tell the hosts; null: they do not fit. */
export function hostTags(hosts: readonly Prefix[]): readonly { readonly Key: string; readonly Value: string }[] | null {
  const values: string[] = [];
  for (const text of hosts.map(formatPrefix)) {
    const last = values.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= longestTag)
      values[values.length - 1] = `${last} ${text}`;
    else values.push(text);
  }
  return values.length > mostTags ? null : values.map((Value, index) => ({ Key: `${hostsTag}-${index + 1}`, Value }));
}

/** The hosts that tags tell; null: they tell nothing. */
export function taggedHosts(tags: readonly { readonly key: string; readonly value: string }[]): IpSet | null {
  const words = tags.filter(({ key }) => key.startsWith(hostsTag)).flatMap(({ value }) => value.split(" "));
  if (words.length === 0) return null;
  return ipSet(
    words.flatMap((word) => {
      const read = parsePrefix(word);
      return read.ok ? [read.value] : [];
    }),
  );
}
