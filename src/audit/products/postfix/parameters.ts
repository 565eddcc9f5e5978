/** The parameters that hold for one listener: its own, then main.cf, then the defaults; values and lists with their places. */
import type { Span } from "../../../text/source.ts";
import { defaultOf } from "./defaults.ts";
import { closing, expand } from "./expand.ts";
import type { MainCf, Setting } from "./main-cf.ts";
import type { Service } from "./master-cf.ts";

/** One item of a list, after expansion. `where` is the line in which it was written. */
export interface Item {
  readonly text: string;
  readonly where: Span | null;
}

export interface Parameters {
  /** The expanded value; empty where it has none. */
  value(name: string): string;
  isYes(name: string): boolean;
  /** Whether main.cf or the listener sets it. */
  isSet(name: string): boolean;
  where(name: string): Span | null;
  /** The items of a list, parted by commas and whitespace; `{ … }` is one item. */
  items(name: string): readonly Item[];
  /** A text that is no parameter's value (the result of a table), expanded into items. */
  itemsOf(text: string, where: Span | null): readonly Item[];
}

const maxItems = 200_000;

export function parametersOf(main: MainCf, service: Service | null, version: string, hostName: string): Parameters {
  const raw = (name: string): string | null => {
    const own = service?.overrides.get(name)?.value ?? main.settings.get(name)?.value;
    if (own !== undefined) return own;
    if (name === "myhostname") return hostName;
    if (name === "mydomain") {
      const host = expand(raw("myhostname") ?? "", raw);
      return host.includes(".") ? host.slice(host.indexOf(".") + 1) : "localdomain";
    }
    return defaultOf(name, version);
  };
  const where = (name: string): Span | null =>
    service?.overrides.get(name)?.where ?? main.settings.get(name)?.where ?? null;
  const settingOf = (name: string): Setting | null =>
    service?.overrides.has(name) === true ? null : (main.settings.get(name) ?? null);

  const itemsIn = (name: string, depth: number): readonly Item[] => {
    const setting = settingOf(name);
    const text = raw(name);
    if (text === null || depth > 20) return [];
    const items: Item[] = [];
    for (const token of tokens(text)) {
      const place = setting?.placeOf(token.at, token.end) ?? where(name);
      // A list that is named as a whole keeps the places of its own items.
      const named = /^\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\}|\(([A-Za-z0-9_]+)\))$/.exec(token.text);
      const other = named?.[1] ?? named?.[2] ?? named?.[3];
      if (other !== undefined) {
        const inside = itemsIn(other, depth + 1);
        for (const item of inside) items.push({ text: item.text, where: item.where ?? place });
      } else if (!token.text.includes("$")) items.push({ text: token.text, where: place });
      else for (const one of tokens(expand(token.text, raw))) items.push({ text: one.text, where: place });
      if (items.length > maxItems) return items.slice(0, maxItems);
    }
    return items;
  };

  return {
    value: (name) => expand(raw(name) ?? "", raw).trim(),
    isYes: (name) => /^(yes|true)$/i.test(expand(raw(name) ?? "", raw).trim()),
    isSet: (name) => service?.overrides.has(name) === true || main.settings.has(name),
    where,
    items: (name) => itemsIn(name, 0),
    itemsOf: (text, place) => tokens(expand(text, raw)).map((token) => ({ text: token.text, where: place })),
  };
}

/** Stretches between separators; braces (and `${ … }`) hold together what stands in them. */
export function tokens(text: string): readonly { readonly text: string; readonly at: number; readonly end: number }[] {
  const found: { readonly text: string; readonly at: number; readonly end: number }[] = [];
  for (let at = 0; at < text.length; ) {
    if (/[\s,]/.test(text[at] as string)) {
      at += 1;
      continue;
    }
    let end = at;
    while (end < text.length && !/[\s,]/.test(text[end] as string)) {
      if (text[end] === "{" || (text[end] === "(" && text[end - 1] === "$")) {
        const close = closing(text, end);
        end = close < 0 ? text.length : close + 1;
      } else end += 1;
    }
    found.push({ text: text.slice(at, end), at, end });
    at = end;
  }
  return found;
}
