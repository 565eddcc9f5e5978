/**
 * Where an accepted address goes (specification §15-§22): routers in their order, as far as the files tell. Enough to
 * say whether it stays here, goes to a domain that the configuration names, or out into the world, and whether a client
 * can choose its destination by the way the address is written.
 */
import type { Span } from "../../../text/source.ts";
import type { RecipientEnd, Truth, Unknown } from "../../rules.ts";
import { withAddress } from "./addresses.ts";
import { inTextList, type ListWorld, splitAddress } from "./lists.ts";
import type { Instance, Option, Sections } from "./sections.ts";
import { expand, type Surroundings, truthOfText } from "./value.ts";

export interface Route {
  readonly end: RecipientEnd | Unknown;
  /** Whether Exim finds a way for it at all. */
  readonly exists: Truth;
  /** Where it goes on to, if whoever writes the address chooses that. */
  readonly onward: { readonly to: string; readonly where: Span | null } | null;
  readonly where: Span | null;
}

export interface RouteSettings {
  readonly sections: Sections;
  readonly world: ListWorld;
  readonly fixed: Surroundings;
  readonly qualifyDomain: string;
  /** The line that names a domain to which mail is passed on, if one does. */
  readonly listed: (domain: string) => { readonly where: Span | null } | null;
}

/** `verify`: as `verify = recipient` looks at it. */
type Purpose = "deliver" | "verify";

const maxRedirects = 10;

export function routeOf(localPart: string, domain: string, purpose: Purpose, settings: RouteSettings): Route {
  return new Walk(settings, purpose).from(0, { localPart, domain, depth: 0, done: [] });
}

interface Address {
  readonly localPart: string;
  readonly domain: string;
  readonly depth: number;
  /** Routers that redirected one of its ancestors: they do not see the same address twice. */
  readonly done: readonly string[];
}

type Answer =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "decline" }
  /** It may accept; if it does, so. */
  | { readonly kind: "maybe"; readonly route: Route };

const unroutable: Route = { end: "local", exists: "no", onward: null, where: null };

class Walk {
  readonly #settings: RouteSettings;
  readonly #purpose: Purpose;
  #steps = 0;

  constructor(settings: RouteSettings, purpose: Purpose) {
    this.#settings = settings;
    this.#purpose = purpose;
  }

  from(index: number, address: Address): Route {
    const { routers } = this.#settings.sections;
    for (let at = index; at < routers.length; at += 1) {
      const router = routers[at];
      if (router === undefined) break;
      this.#steps += 1;
      if (this.#steps > 20_000)
        return { ...unroutable, end: { unknown: "routers that lead in circles", where: router.where }, exists: "yes" };
      const stripped = this.#affixes(router, address);
      if (stripped === null) continue;
      const truth = this.#applies(router, stripped);
      if (truth === "no") continue;
      const answer = this.#run(router, stripped);
      if (answer.kind === "decline") {
        if (truth === "yes" && isFalse(router.options.get("more"))) return unroutable;
        continue;
      }
      if (answer.kind === "route" && truth === "yes") return answer.route;
      return either(answer.route, this.from(at + 1, address), truth);
    }
    return unroutable;
  }

  /** The address without prefix and suffix; `null`: the router wants one that is not there. */
  #affixes(router: Instance, address: Address): Address | null {
    const { localPart } = address;
    const prefixes = router.options.get("local_part_prefix")?.value.split(":") ?? [];
    const suffixes = router.options.get("local_part_suffix")?.value.split(":") ?? [];
    let stripped = localPart;
    if (prefixes.length > 0) {
      const prefix = prefixes.map((one) => one.trim()).find((one) => startsLike(stripped, one) > 0);
      if (prefix !== undefined) stripped = stripped.slice(startsLike(stripped, prefix));
      else if (!isTrue(router.options.get("local_part_prefix_optional"))) return null;
    }
    if (suffixes.length > 0) {
      const suffix = suffixes.map((one) => one.trim()).find((one) => endsLike(stripped, one) > 0);
      if (suffix !== undefined) stripped = stripped.slice(0, stripped.length - endsLike(stripped, suffix));
      else if (!isTrue(router.options.get("local_part_suffix_optional"))) return null;
    }
    return { ...address, localPart: stripped };
  }

  #applies(router: Instance, address: Address): Truth {
    const option = (name: string): Option | undefined => router.options.get(name);
    if (address.done.includes(`${router.name}|${address.localPart}@${address.domain}`)) return "no";
    if (this.#purpose === "verify") {
      if (isFalse(option("verify")) || isFalse(option("verify_recipient"))) return "no";
    } else if (isTrue(option("verify_only"))) return "no";
    const { world, fixed } = this.#settings;
    const around = (where: Span): Surroundings => ({
      ...withAddress(fixed, address.localPart, address.domain),
      where,
    });
    let doubt: Unknown | null = null;
    const settle = (truth: Truth): boolean => {
      if (truth !== "yes" && truth !== "no") doubt ??= truth;
      return truth === "no";
    };
    const domains = option("domains");
    if (
      domains !== undefined &&
      settle(inTextList("domain", domains.value, address.domain, world, around(domains.where)))
    )
      return "no";
    const locals = option("local_parts");
    if (
      locals !== undefined &&
      settle(inTextList("local-part", locals.value, address.localPart, world, around(locals.where)))
    )
      return "no";
    const user = option("check_local_user");
    if (isTrue(user) && user !== undefined && settle(this.#account(address.localPart, user.where))) return "no";
    for (const name of ["senders", "require_files"]) {
      const other = option(name);
      if (other !== undefined) settle({ unknown: `${name} of the router ${router.name}`, where: other.where });
    }
    const condition = option("condition");
    if (condition !== undefined) {
      const value = expand(condition.value, around(condition.where));
      if (value.kind === "unknown") settle(value.because);
      else if (value.kind === "failed" || value.kind === "error") return "no";
      else {
        const truth = truthOfText(value.text, condition.where);
        if (truth === "no") return "no";
      }
    }
    return doubt ?? "yes";
  }

  #account(name: string, where: Span): Truth {
    const found = this.#settings.world.tables.lookup("lsearch", "/etc/passwd", name, where);
    if (found === null) return "no";
    if (typeof found === "string") return "yes";
    // A person's name may well be an account; what carries routing or other signs is none.
    if (!/^[a-z_][a-z0-9_.-]{0,31}$/i.test(name)) return "no";
    if (this.#purpose === "verify") return "yes";
    return { unknown: "which accounts the machine has", where };
  }

  #run(router: Instance, address: Address): Answer {
    const driver = router.options.get("driver");
    const where = router.where;
    switch (driver?.value.trim()) {
      case "accept":
        return { kind: "route", route: this.#transported(router, address) };
      case "dnslookup":
        if (address.domain.startsWith("[")) return { kind: "decline" };
        return { kind: "route", route: this.#away(address.domain, where) };
      case "ipliteral":
        return /^\[.*\]$/.test(address.domain)
          ? { kind: "route", route: { end: "outside", exists: "yes", onward: null, where } }
          : { kind: "decline" };
      case "manualroute":
        return this.#manual(router, address);
      case "redirect":
        return this.#redirect(router, address);
      default:
        return {
          kind: "maybe",
          route: {
            end: { unknown: `the router ${router.name}, of the kind ${driver?.value ?? "that is not named"}`, where },
            exists: "yes",
            onward: null,
            where,
          },
        };
    }
  }

  /** Delivered by the transport of an `accept` router: here, or to another mailer over SMTP. */
  #transported(router: Instance, { domain }: Address): Route {
    const name = router.options.get("transport")?.value.trim() ?? "";
    const transport = this.#settings.sections.transports.get(name)?.options.get("driver")?.value.trim();
    if (transport === "smtp") return this.#away(domain, router.where);
    return { end: "local", exists: "yes", onward: null, where: (router.options.get("domains") ?? router).where };
  }

  #away(domain: string, where: Span): Route {
    const listed = this.#settings.listed(domain);
    if (listed !== null) return { end: "listed", exists: "yes", onward: null, where: listed.where ?? where };
    return { end: "outside", exists: "yes", onward: null, where };
  }

  #manual(router: Instance, address: Address): Answer {
    const route: Answer = { kind: "route", route: this.#away(address.domain, router.where) };
    const data = router.options.get("route_data");
    const around = withAddress(this.#settings.fixed, address.localPart, address.domain);
    if (data !== undefined) {
      const value = expand(data.value, { ...around, where: data.where });
      if (value.kind === "failed" || (value.kind === "text" && value.text.trim() === "")) return { kind: "decline" };
      return value.kind === "text" ? route : { kind: "maybe", route: route.route };
    }
    const list = router.options.get("route_list");
    if (list === undefined) return { kind: "decline" };
    for (const item of list.value.split(";")) {
      const pattern = /^\s*(?:"([^"]*)"|(\S+))/.exec(item);
      const text = pattern?.[1] ?? pattern?.[2];
      if (text === undefined) continue;
      const truth = inTextList("domain", text, address.domain, this.#settings.world, { ...around, where: list.where });
      if (truth === "yes") return route;
      if (truth !== "no") return { kind: "maybe", route: route.route };
    }
    return { kind: "decline" };
  }

  #redirect(router: Instance, address: Address): Answer {
    const data = router.options.get("data");
    const stays: Route = { end: "local", exists: "yes", onward: null, where: router.where };
    if (data === undefined) return { kind: "maybe", route: stays }; // a file: .forward of a person, or a list
    const value = expand(data.value, {
      ...withAddress(this.#settings.fixed, address.localPart, address.domain),
      where: data.where,
    });
    if (value.kind === "failed") return { kind: "decline" };
    if (value.kind !== "text") return { kind: "maybe", route: stays };
    const text = value.text.trim();
    if (text === "" || /^:(?:unknown|defer):/i.test(text)) return { kind: "decline" };
    if (/^:fail:/i.test(text)) return { kind: "route", route: { ...unroutable, where: router.where } };
    if (address.depth >= maxRedirects)
      return { kind: "route", route: { ...stays, exists: { unknown: "redirections without end", where: data.where } } };
    const targets = text.split(/[,\n]/).flatMap((one) => {
      const plain = (/<([^>]*)>/.exec(one)?.[1] ?? one.replace(/#.*$/, "")).trim();
      return plain === "" ? [] : [plain];
    });
    let route: Route = stays;
    for (const target of targets.slice(0, 50)) {
      const copies = data.value.includes("$");
      const child = this.#child(target, address, router, data.where, copies);
      if (child === null) continue;
      // Exim looks further only where there is a single new address.
      route = {
        ...route,
        onward: route.onward ?? child.onward,
        ...(targets.length === 1 ? { exists: child.exists } : {}),
      };
    }
    return { kind: "route", route };
  }

  /** Where a new address leads; `null`: into a file, a program, a list. */
  #child(target: string, parent: Address, router: Instance, where: Span, copies: boolean): Route | null {
    if (/^["']?[|/:]/.test(target)) return null;
    const [local, domain] = target.includes("@")
      ? splitAddress(target)
      : [target.replace(/^\\/, ""), this.#settings.qualifyDomain];
    const address: Address = {
      localPart: local.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1"),
      domain: domain.toLowerCase(),
      depth: parent.depth + 1,
      done: [...parent.done, `${router.name}|${parent.localPart}@${parent.domain}`],
    };
    if (address.localPart === parent.localPart && address.domain === parent.domain)
      return this.from(this.#settings.sections.routers.indexOf(router) + 1, address);
    const further = this.from(0, address);
    const away = further.end !== "local";
    const chosen = copies && domain !== "" && parent.localPart.toLowerCase().includes(domain.toLowerCase());
    return { ...further, onward: away ? (chosen ? { to: target, where } : null) : further.onward };
  }
}

const isTrue = (option: Option | undefined): boolean =>
  option !== undefined && /^(?:true|yes|1)$/i.test(option.value.trim());
const isFalse = (option: Option | undefined): boolean =>
  option !== undefined && /^(?:false|no|0)$/i.test(option.value.trim());

/** How many characters of the text a prefix (`real-`, `*-`) takes; 0: it does not begin so. */
function startsLike(text: string, prefix: string): number {
  if (!prefix.startsWith("*")) return text.toLowerCase().startsWith(prefix.toLowerCase()) ? prefix.length : 0;
  const at = text.toLowerCase().indexOf(prefix.slice(1).toLowerCase());
  return at < 0 ? 0 : at + prefix.length - 1;
}

function endsLike(text: string, suffix: string): number {
  if (!suffix.endsWith("*")) return text.toLowerCase().endsWith(suffix.toLowerCase()) ? suffix.length : 0;
  const at = text.toLowerCase().lastIndexOf(suffix.slice(0, -1).toLowerCase());
  return at < 0 ? 0 : text.length - at;
}

/** Two ways that are both possible. */
function either(a: Route, b: Route, truth: Truth): Route {
  const doubt: Unknown = typeof truth === "string" ? { unknown: "what a router does", where: a.where } : truth;
  const sameEnd = a.end === b.end;
  // What has no way at all ends nowhere: it does not make the end of the other way doubtful.
  const end = sameEnd ? a.end : b.exists === "no" && b.where === null ? a.end : doubt;
  return {
    end,
    exists: a.exists === b.exists ? a.exists : doubt,
    onward: a.onward ?? b.onward,
    where: a.where ?? b.where,
  };
}
