/** What was found in one configuration, in the words of its product, each with a session that shows it and an edit that mends it. */
import { bySeverity } from "../finding/finding.ts";
import { formatIp, type IpAddress, sameIp } from "../net/ip.ts";
import type { ConfigTree } from "../ports.ts";
import type { Hop } from "./chains.ts";
import { plainStranger } from "./client-space.ts";
import { deadListFindings } from "./dead-lists.ts";
import { explainDisguise, repairsOfDisguise, withDisguise } from "./deployment/explain.ts";
import { type DerivedListener, placeOf, prefixTexts } from "./derive.ts";
import type { Decision } from "./evaluate.ts";
import { type Hole, type HoleKind, witnessOf } from "./hole.ts";
import { decidingRule, holePlace } from "./holes.ts";
import { patchOf, tried } from "./mend.ts";
import type { Explained, FileEdit, Product } from "./product.ts";
import type { TreeRequest } from "./request.ts";
import type { AuditFinding } from "./result.ts";
import { wrongedMail } from "./wronged.ts";

/** So many patches are tried in all, and fewer where each audit is long: each costs one. */
const maxTries = 60;
const maxTriedSessions = 400_000;

export interface Found {
  /** Worst first. */
  readonly findings: readonly AuditFinding[];
  /** The edits behind each patch, by the key of its finding. */
  readonly repairs: ReadonlyMap<string, readonly FileEdit[]>;
}

export function findingsOf(
  name: string,
  tree: ConfigTree,
  product: Product,
  derived: readonly DerivedListener[],
  request: TreeRequest,
): Found {
  const each = Math.max(
    1,
    derived.reduce((sum, { search }) => sum + search.sessions, 0),
  );
  let tries = Math.max(1, Math.min(maxTries, Math.floor(maxTriedSessions / each)));
  const findings = new Map<string, AuditFinding>();
  const mending = new Map<string, readonly FileEdit[]>();
  for (const { search } of derived)
    for (const hole of search.holes) {
      const { disguise } = hole;
      const { tag, severity, says, why, remedy, where } =
        hole.hops.length > 0
          ? explainChain(name, hole)
          : disguise === null
            ? product.explain(hole)
            : hole.kind === "network" || hole.kind === "impersonation"
              ? explainDisguise(hole, disguise)
              : withDisguise(product.explain(hole), hole, disguise);
      const place = placeOf(where);
      const subject = `${name}: ${hole.listener.name}`;
      const key = [
        tag,
        name,
        hole.listener.name,
        place === null ? "" : `${place.file}:${place.text}`,
        decidingRule(hole)?.rule ?? "",
      ].join("|");
      if (findings.has(key)) continue;
      let mended: readonly FileEdit[] | null = null;
      // An edit that also stops clients of the site's own is taken only where no other mends it.
      let cutsOff = false;
      const repairs =
        tries > 0
          ? [
              ...(disguise === null ? [] : repairsOfDisguise(hole, tree)),
              ...product.repairs(hole, tree, request.site?.networks ?? []),
            ]
          : [];
      for (const edits of repairs) {
        tries -= 1;
        const brought = tried(edits, hole, tree, product, derived, request);
        if (brought === "mends") [mended, cutsOff] = [edits, false];
        else if (brought === "cuts-off" && mended === null) [mended, cutsOff] = [edits, true];
        if (brought === "mends" || tries <= 0) break;
      }
      if (mended !== null) mending.set(key, mended);
      findings.set(key, {
        tag,
        severity,
        subject,
        key,
        says,
        why,
        remedy: cutsOff
          ? `${remedy} The patch also stops clients of your own that sent only because of this: trust their networks by name, or have them log in.`
          : remedy,
        ...(place === null ? {} : { where: { file: place.file, line: place.line, text: place.text } }),
        evidence: [],
        data: {
          ...(cutsOff ? { cutsOff } : {}),
          listener: hole.listener.name,
          certainty: hole.certainty,
          condition: hole.condition,
          clients: prefixTexts(hole.clients).slice(0, 20),
          ...(hole.hops.length === 0 ? {} : { path: [name, ...hole.hops.map(({ mailer }) => mailer)] }),
          ...(disguise === null ? {} : { appearsAs: formatIp(hole.session.client.address) }),
        },
        witness: witnessOf(hole.listener, hole.session, disguise?.real ?? clientOf(hole), hole.claimed),
        trace: [...traceOf(hole.decision), ...hole.hops.flatMap(hopTrace)],
        patch: mended === null ? null : patchOf(mended, tree),
      });
    }
  for (const one of derived) {
    const { listener } = one.search;
    for (const { tag, severity, says, why, remedy, session, decision } of wrongedMail(one)) {
      const place = placeOf(decision.trace.findLast(({ where }) => where !== null)?.where ?? null);
      findings.set(`${tag}|${name}|${listener.name}`, {
        tag,
        severity,
        subject: `${name}: ${listener.name}`,
        key: `${tag}|${name}|${listener.name}`,
        says,
        why,
        remedy,
        ...(place === null ? {} : { where: place }),
        evidence: [],
        data: { listener: listener.name },
        witness: witnessOf(listener, session, session.client.address),
        trace: traceOf(decision),
        patch: null,
      });
    }
  }
  for (const { where, ...remark } of product.remarks?.(tree, request.version) ?? []) {
    const place = placeOf(where);
    const key = [remark.tag, name, place === null ? remark.says : `${place.file}:${place.text}`].join("|");
    findings.set(key, {
      ...remark,
      subject: name,
      key,
      ...(place === null ? {} : { where: place }),
      evidence: [],
      data: {},
      witness: null,
      trace: [],
      patch: null,
    });
  }
  for (const finding of deadListFindings(name, tree, request.deadLists))
    findings.set(finding.key, { ...finding, witness: null, trace: [], patch: null });
  return { findings: [...findings.values()].sort(bySeverity), repairs: mending };
}

/** Holes that a client has by its address or name alone; through the others anybody comes. */
const byClient: readonly HoleKind[] = ["network", "client-name"];

/** The client of a witness; `null`: any stranger will do. */
function clientOf({ kind, session }: Hole): IpAddress | null {
  const { address } = session.client;
  return byClient.includes(kind) || !sameIp(address, plainStranger(address.family)) ? address : null;
}

/** A chain is nobody's fault alone: the line is that of the mailer that acts on the routing. */
function explainChain(name: string, hole: Hole): Explained {
  const last = hole.hops.at(-1);
  const path = [name, ...hole.hops.map(({ mailer }) => mailer)].join(" → ");
  const sure = hole.certainty === "open";
  return {
    tag: "AUDIT_CHAIN",
    severity: sure ? "critical" : "high",
    says: `${path}: ${hole.session.forwardPath} is passed on by ${name}${
      sure ? `, and ${last?.mailer ?? "the next"} sends it to strangers` : `; ${hole.condition}`
    }.`,
    why: "Each mailer may be closed by itself: the one in front takes the address for one of yours, the one behind trusts the one in front and acts on the second destination in it.",
    remedy: `Refuse recipients with %, ! or a second @ in the local-part at ${name}; and let ${last?.mailer ?? "the mailer behind"} not act on them.`,
    where:
      last === undefined
        ? holePlace(hole)
        : (decidingRule({ ...hole, decision: last.decision })?.where ?? last.listener.where),
  };
}

function hopTrace({ mailer, decision }: Hop): AuditFinding["trace"] {
  return traceOf(decision).map((entry) => ({ ...entry, rule: `${mailer}: ${entry.rule}` }));
}

function traceOf({ trace }: Decision): AuditFinding["trace"] {
  return trace.map((entry) => ({
    rule: `${entry.program}: ${entry.rule}`,
    result: entry.result,
    where: placeOf(entry.where),
  }));
}
