/**
 * Turns probe rows into instances: every placeholder replaced, one instance for each pass, identity and way of writing,
 * each with a token of its own. Pure and deterministic; it never throws. What cannot be rendered is told as `notRun`.
 */
import { fill, type PlaceholderName, placeholders, placeholdersIn } from "../knowledge/placeholders.ts";
import { type Pass, type Probe, probeClasses, usesPass } from "../knowledge/probe.ts";
import { readSelector, type Selector } from "../knowledge/selector.ts";
import { formatIp } from "../net/ip.ts";
import { type Binding, literal, passTemplates, placeholderValue } from "./placeholders.ts";
import { isTooLong, judgedStep, type RenderedStep, renderStep, waysOf, wireText } from "./render.ts";
import type { Surroundings } from "./surroundings.ts";

/** Which instances are wanted: everything but controls and what is risky, or these selectors, in this order. */
export type Selection = { readonly all: true } | { readonly select: readonly string[] };

/** `long` is 26 characters, `short` 16, of `a-z2-7`. Called once for each instance that is kept. */
export type IssueToken = (instanceName: string, form: "long" | "short") => string;

export interface ExpandRequest {
  readonly probes: readonly Probe[];
  readonly selection: Selection;
  readonly surroundings: Surroundings;
  readonly issue: IssueToken;
}

export interface Instance {
  readonly probe: Probe;
  /** `id[/pass][/identity][/number of the way of writing]`, unique in a run: `rcpt-pct-at/loc/local-domain`. */
  readonly name: string;
  /** `null` if the row writes its own reverse-path, or none. */
  readonly pass: Pass | null;
  /** Which name of the target is used: `local-domain`, `local-domain-2`, `target-host`, `literal`, `inside`, … */
  readonly identity: string | null;
  readonly steps: readonly RenderedStep[];
  /**
   * The step whose reply is judged: the last `rcpt` that names the probe, else the last `rcpt` at all; `null` if there is
   * none. If it is a `pipeline`, the last `rcpt` in it is meant.
   */
  readonly judged: number | null;
  readonly token: string;
  /** All that is written, with tokens replaced by a constant: equal masks are the same test. */
  readonly mask: string;
  /** Names of further wanted instances that would write exactly the same. */
  readonly also: readonly string[];
}

export interface NotRun {
  readonly probe: string;
  readonly instance: string;
  /** In words, for the report. */
  readonly reason: string;
}

export interface Expansion {
  readonly instances: readonly Instance[];
  readonly notRun: readonly NotRun[];
}

/** A site with very many domains must not turn one row into a flood. */
const maxInstancesOfRow = 64;

export function expand({ probes, selection, surroundings, issue }: ExpandRequest): Expansion {
  const rows = new Map(probes.map((probe) => [probe.id, probe]));
  const kept = new Map<string, Instance & { also: string[] }>();
  const notRun = new Map<string, NotRun>();
  const refuse = (probe: string, instance: string, reason: string) =>
    notRun.set(`${instance}: ${reason}`, { probe, instance, reason });

  const names = new Set<string>();
  const keep = (draft: Draft) => {
    const { probe, name, mask, form, render } = draft;
    if (names.has(name)) return;
    names.add(name);
    // A control is repeated on purpose and never merged with a probe.
    const key = probe.judge === "control" ? `${name} ${mask}` : mask;
    const same = kept.get(key);
    if (same !== undefined) {
      same.also.push(name);
      return;
    }
    const token = issue(name, form);
    const { pass, identity, judged } = draft;
    kept.set(key, { probe, name, pass, identity, steps: render(token), judged, token, mask, also: [] });
  };

  for (const wanted of wantedRows(rows, selection)) {
    if (!wanted.ok) {
      refuse(wanted.text.split("/")[0] ?? wanted.text, wanted.text, wanted.reason);
      continue;
    }
    const unmet = wanted.selector.probe.needs.map((need) => unmetNeed(need, surroundings)).find((why) => why !== null);
    if (unmet !== undefined) {
      refuse(wanted.selector.probe.id, wanted.text, unmet);
      continue;
    }
    let count = 0;
    for (const draft of draftsOf(wanted.selector, surroundings)) {
      if (!draft.ok) refuse(wanted.selector.probe.id, draft.name, draft.reason);
      else if (++count > maxInstancesOfRow) {
        refuse(wanted.selector.probe.id, draft.name, `more than ${maxInstancesOfRow} instances of one probe`);
      } else keep(draft);
    }
  }
  return { instances: [...kept.values()], notRun: [...notRun.values()] };
}

/** An instance that can be rendered, its token not yet issued; or why it cannot. */
type Draft = Pick<Instance, "probe" | "name" | "pass" | "identity" | "judged" | "mask"> & {
  readonly ok: true;
  readonly form: "long" | "short";
  readonly render: (token: string) => readonly RenderedStep[];
};
type NoDraft = { readonly ok: false; readonly name: string; readonly reason: string };

type Wanted =
  | { readonly ok: true; readonly text: string; readonly selector: Selector }
  | { readonly ok: false; readonly text: string; readonly reason: string };

function wantedRows(rows: ReadonlyMap<string, Probe>, selection: Selection): readonly Wanted[] {
  if ("select" in selection) return selection.select.map((text) => ({ text, ...readSelector(text, rows) }));
  const everything = [...rows.values()].filter((probe) => probe.class !== "control" && probe.safety !== "risky");
  return probeClasses
    .flatMap((name) => everything.filter((probe) => probe.class === name))
    .map((probe) => ({ ok: true, text: probe.id, selector: { probe, pass: null, identity: null, way: null } }));
}

function* draftsOf(selector: Selector, surroundings: Surroundings): Generator<Draft | NoDraft> {
  const { probe } = selector;
  const steps = withOfferedTls(probe.steps, surroundings);
  const passes: readonly (Pass | null)[] = !usesPass(probe)
    ? [null]
    : selector.pass !== null
      ? [selector.pass]
      : probe.passes;
  const ways = cartesian(steps.map(waysOf));
  for (const pass of passes) {
    for (const [index, way] of ways.entries()) {
      if (selector.way !== null && selector.way !== index + 1) continue;
      const suffix = ways.length > 1 ? `/${index + 1}` : "";
      const own = namesIn(steps, way);
      const name = (identity: string | null) =>
        probe.id + (pass === null ? "" : `/${pass}`) + (identity === null ? "" : `/${identity}`) + suffix;

      const all = bindingsOf(own, pass, surroundings);
      const bindings = chosen(all, selector.identity, surroundings);
      if (bindings.length === 0) {
        yield { ok: false, name: name(selector.identity), reason: `the target has no name "${selector.identity}"` };
      }
      for (const { identity, binding } of bindings) {
        yield draft({ probe, name: name(identity), pass, identity, steps, way, binding, surroundings });
      }
    }
  }
}

function draft(given: {
  readonly probe: Probe;
  readonly name: string;
  readonly pass: Pass | null;
  readonly identity: string | null;
  readonly steps: Probe["steps"];
  readonly way: readonly number[];
  readonly binding: Omit<Binding, "token">;
  readonly surroundings: Surroundings;
}): Draft | NoDraft {
  const { probe, name, pass, identity, steps, way, surroundings } = given;
  let trouble: string | null = null;
  const render = (token: string): readonly RenderedStep[] => {
    const binding: Binding = { ...given.binding, token };
    const write = (template: string) =>
      fill(withPass(template, pass), (placeholder, before, after) => {
        const value = isPlaceholder(placeholder)
          ? placeholderValue(placeholder, before, after, surroundings, binding)
          : ({ ok: false, reason: `unknown placeholder {${placeholder}}` } as const);
        if (value.ok && !/[\u0000-\u001f]/.test(value.text)) return value.text;
        trouble ??= value.ok ? `the value of {${placeholder}} holds a control character` : value.reason;
        return "";
      });
    return steps.map((step, at) => renderStep(step, way[at] ?? 0, write));
  };

  for (const [form, token] of [
    ["long", longMask],
    ["short", shortMask],
  ] as const) {
    const masked = render(token);
    if (trouble !== null) return { ok: false, name, reason: trouble };
    if (isTooLong(masked, token)) continue;
    return { ok: true, probe, name, pass, identity, judged: judgedStep(steps), mask: wireText(masked), form, render };
  }
  return { ok: false, name, reason: "too-long" };
}

const longMask = "a".repeat(26);
const shortMask = "a".repeat(16);

interface Identity {
  readonly kind: string;
  readonly value: string;
}

/** The names a row's placeholders are bound to, one entry an instance. */
function bindingsOf(
  own: ReadonlySet<string>,
  pass: Pass | null,
  surroundings: Surroundings,
): readonly { readonly identity: string | null; readonly value: string; readonly binding: Omit<Binding, "token"> }[] {
  const base = {
    pass,
    identity: null,
    nextIdentity: null,
    localDomain: surroundings.localDomains[0] ?? null,
    rdns: null,
    inside: null,
    inside6: null,
  };
  if (own.has("T") || own.has("T2")) {
    const identities = identitiesOf(surroundings);
    return identities.map(({ kind, value }, at) => ({
      identity: kind,
      value,
      binding: {
        ...base,
        identity: value,
        nextIdentity: identities.length > 1 ? (identities[(at + 1) % identities.length]?.value ?? null) : null,
        // A made-up sender of the domain that is in the recipient.
        localDomain: surroundings.localDomains.find((domain) => domain.toLowerCase() === value) ?? base.localDomain,
      },
    }));
  }
  const each = <V>(
    kind: string,
    values: readonly V[],
    text: (value: V) => string,
    bind: (value: V) => Partial<Binding>,
  ) =>
    values.length === 0
      ? [{ identity: kind, value: "", binding: base }]
      : numbered(kind, values).map(([identity, value]) => ({
          identity,
          value: text(value),
          binding: { ...base, ...bind(value) },
        }));
  const ofFamily = (family: 4 | 6) => surroundings.insideAddresses.filter((address) => address.family === family);
  if (own.has("local_domain") || own.has("LOCAL_DOMAIN")) {
    return each(
      "local-domain",
      surroundings.localDomains,
      (value) => value,
      (localDomain) => ({ localDomain }),
    );
  }
  if (own.has("rdns")) {
    return each(
      "rdns",
      hostNames(surroundings.rdns),
      (value) => value,
      (rdns) => ({ rdns }),
    );
  }
  if (own.has("inside_ip") || own.has("inside_ip_hex")) {
    return each("inside", ofFamily(4), formatIp, (inside) => ({ inside }));
  }
  if (own.has("inside_ip6") || own.has("inside_ip6_hex")) {
    return each("inside6", ofFamily(6), formatIp, (inside6) => ({ inside6 }));
  }
  // A pass alone takes the first domain: more would multiply every row by the number of domains.
  return [{ identity: null, value: "", binding: base }];
}

/** The target's names in a fixed order, each once. */
function identitiesOf(surroundings: Surroundings): readonly Identity[] {
  const { localDomains, targetHost, bannerHost, rdns, address, address6 } = surroundings;
  const all: readonly Identity[] = [
    ...numbered("local-domain", localDomains).map(([kind, value]) => ({ kind, value })),
    ...hostNames([targetHost]).map((value) => ({ kind: "target-host", value })),
    ...hostNames([bannerHost]).map((value) => ({ kind: "banner-host", value })),
    ...numbered("rdns", hostNames(rdns)).map(([kind, value]) => ({ kind, value })),
    { kind: "literal", value: literal(address) },
    ...(address.family === 4 ? [{ kind: "ip", value: formatIp(address) }] : []),
    ...(address6 === null ? [] : [{ kind: "literal6", value: literal(address6) }]),
    { kind: "localhost", value: "localhost" },
    { kind: "loopback", value: "[127.0.0.1]" },
  ];
  const kinds = new Map<string, string>();
  for (const { kind, value } of all) {
    // The tag of an IPv6 literal is the one place where case is kept as the RFC writes it.
    const text = value.startsWith("[") ? value : value.toLowerCase();
    if (!kinds.has(text)) kinds.set(text, kind);
  }
  return [...kinds].map(([value, kind]) => ({ kind, value }));
}

function chosen<B extends { readonly identity: string | null; readonly value: string }>(
  bindings: readonly B[],
  wanted: string | null,
  surroundings: Surroundings,
): readonly B[] {
  if (wanted === null) return bindings;
  if (wanted === "first") return bindings.slice(0, 1);
  if (wanted === "host") {
    const host = (surroundings.bannerHost ?? surroundings.targetHost)?.toLowerCase();
    return bindings.filter(({ value }) => value !== "" && value === host);
  }
  return bindings.filter(({ identity }) => identity === wanted);
}

/** Names that a stranger chose (PTR, greeting): only what is a host name may reach the wire. */
function hostNames(names: readonly (string | null)[]): readonly string[] {
  return names.flatMap((name) => {
    const host = name?.toLowerCase().replace(/\.$/, "") ?? "";
    return /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/.test(host) ? [host] : [];
  });
}

function numbered<V>(kind: string, values: readonly V[]): readonly (readonly [string, V])[] {
  return values.map((value, at) => [at === 0 ? kind : `${kind}-${at + 1}`, value]);
}

/** `[2, 1, 2]` → every choice: `[0,0,0] [0,0,1] [1,0,0] [1,0,1]`. */
function cartesian(sizes: readonly number[]): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (choices, size) => choices.flatMap((choice) => Array.from({ length: size }, (_, next) => [...choice, next])),
    [[]],
  );
}

function namesIn(steps: Probe["steps"], way: readonly number[]): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (template: string) => {
    for (const name of placeholdersIn(template)) names.add(name);
    return template;
  };
  for (const [at, step] of steps.entries()) renderStep(step, way[at] ?? 0, collect);
  return names;
}

function withPass(template: string, pass: Pass | null): string {
  return pass === null ? template : template.replaceAll("{pass}", passTemplates[pass]);
}

/** Where STARTTLS is not offered, an optional one and the EHLO after it are left out. */
function withOfferedTls(steps: Probe["steps"], { keywords }: Surroundings): Probe["steps"] {
  const leaveOut = (at: number) => {
    const step = steps[at];
    return step !== undefined && "starttls" in step && step.starttls.ifOffered === true && !keywords.has("STARTTLS");
  };
  return steps.filter((step, at) => !leaveOut(at) && !("ehlo" in step && leaveOut(at - 1)));
}

function unmetNeed(need: string, surroundings: Surroundings): string | null {
  const [kind, word = "", argument] = need.split(" ");
  const offered = surroundings.keywords.get(word);
  switch (kind) {
    case "ehlo":
      if (offered === undefined) return `the server does not offer ${word}`;
      return argument === undefined || offered.some((given) => given.toUpperCase() === argument)
        ? null
        : `the server does not offer ${word} ${argument}`;
    case "no-ehlo":
      return offered === undefined ? null : `the server offers ${word}: other probes use it`;
    case "role":
      return surroundings.role === word ? null : `only for a ${word} port`;
    case "client-certificate":
      return surroundings.clientCertificate ? null : "no client certificate was given";
    case "catch-domain":
      return surroundings.catchDomain === null ? "needs a catch domain" : null;
    default:
      return `needs "${need}", which this version does not know`;
  }
}

function isPlaceholder(name: string): name is PlaceholderName {
  return Object.hasOwn(placeholders, name);
}

export type { RenderedPath, RenderedStep, SimpleRenderedStep } from "./render.ts";
export type { Surroundings } from "./surroundings.ts";
