/**
 * Decides one session by a listener's rules, in their order, and keeps the way it took. Where a condition cannot be
 * told, both ways are followed: the decision is unknown only if they end differently.
 */

import type { Span } from "../text/source.ts";
import type { Action, Condition, Listener, Program, Recipient, Rule, Session, Step, Truth, Unknown } from "./rules.ts";

export interface TraceEntry {
  readonly program: string;
  readonly rule: string;
  readonly result: End | "unknown";
  readonly where: Span | null;
}

export interface Decision {
  readonly outcome: "permit" | "refuse" | "defer" | "unknown";
  /** What it depends on, if it is unknown. */
  readonly unknowns: readonly Unknown[];
  /** Rules that did something, in order; without those whose condition was not met. */
  readonly trace: readonly TraceEntry[];
  readonly recipient: Recipient;
}

/** How a program can end, and for each end what would have to be true; an empty list: it ends so for certain. */
type Ends = { readonly [E in End]?: readonly Unknown[] };
type End = "permit" | "refuse" | "defer" | "go-on";

/** Deeper nesting than any configuration needs is a circle. */
const maxDepth = 32;

interface Run {
  readonly listener: Listener;
  readonly session: Session;
  readonly recipient: Recipient;
  readonly trace: TraceEntry[];
  deferIfPermit: boolean;
  depth: number;
}

/** What the listener answers to the recipient of this session. */
export function decide(listener: Listener, said: Session): Decision {
  const session =
    listener.reversePath === undefined ? said : { ...said, reversePath: listener.reversePath(said.reversePath) };
  const recipient = listener.recipient(session.forwardPath);
  const trace: TraceEntry[] = [];
  const ended = (outcome: Decision["outcome"], unknowns: readonly Unknown[] = []): Decision => ({
    outcome,
    unknowns,
    trace,
    recipient,
  });
  if (recipient.kind === "refused") {
    trace.push({ program: "address", rule: recipient.why, result: "refuse", where: null });
    return ended("refuse");
  }
  const run: Run = { listener, session, recipient, trace, deferIfPermit: false, depth: 0 };
  const doubts: Unknown[] = [];
  let doubtful = false;
  for (const { at, program } of listener.stages) {
    // What is judged before the recipient is known, is judged for every recipient.
    if (recipient.kind === "always-accepted" && (at === "rcpt" || at === "data")) continue;
    const ends = runProgram(program, run);
    const against = ends.refuse ?? ends.defer;
    const forIt = ends.permit ?? ends["go-on"];
    if (forIt === undefined) return ended(ends.refuse === undefined ? "defer" : "refuse");
    if (against !== undefined) {
      doubtful = true;
      doubts.push(...against, ...forIt);
    }
  }
  if (run.deferIfPermit) return ended("defer");
  return doubtful ? ended("unknown", unique(doubts)) : ended("permit");
}

function runProgram(program: Program, run: Run): Ends {
  if (run.depth >= maxDepth)
    return { refuse: [{ unknown: `${program.name}, which calls itself`, where: program.where }], permit: [] };
  run.depth += 1;
  const ends: { -readonly [E in End]?: readonly Unknown[] } = {};
  let here: readonly Unknown[] = []; // what had to be so for us to come this far
  let over = false;
  for (const step of program.steps) {
    const one = runStep(step, program, run);
    for (const end of ["permit", "refuse", "defer"] as const) {
      const because = one[end];
      if (because !== undefined) ends[end] ??= [...here, ...because];
    }
    const onward = one["go-on"];
    if (onward === undefined) {
      over = true;
      break;
    }
    if (onward.length > 0 && here.length < 20) here = [...here, ...onward];
  }
  if (!over) ends[program.end] ??= here;
  run.depth -= 1;
  return ends;
}

function runStep(step: Step, program: Program, run: Run): Ends {
  switch (step.kind) {
    case "rule":
      return runRule(step, program, run);
    case "toothless": {
      const ends = runStep(step.step, program, run);
      if (ends.refuse === undefined && ends.defer === undefined) return ends;
      const { refuse: _refuse, defer: _defer, ...rest } = ends;
      return { ...rest, "go-on": ends["go-on"] ?? [] };
    }
    case "lookup": {
      const found = step.find(run.session);
      if (found === null) return { "go-on": [] };
      if ("unknown" in found) {
        note(run, program, step.says, "unknown", step.where);
        return anything(found);
      }
      return runProgram(
        {
          name: program.name,
          steps: found.map((rule) => ({ kind: "rule", ...rule })),
          end: "go-on",
          where: step.where,
        },
        run,
      );
    }
  }
}

function runRule(rule: Rule, program: Program, run: Run): Ends {
  const met = evaluate(rule.when, run);
  if (met === "no") return { "go-on": [] };
  if (met === "yes") return act(rule, rule.does, program, run);
  const ends = act(rule, rule.does, program, run);
  // It may also not be met: then the next rule follows.
  const doubted = Object.fromEntries(Object.entries(ends).map(([end, because]) => [end, [met, ...because]])) as Ends;
  return { ...doubted, "go-on": [met, ...(ends["go-on"] ?? [])] };
}

function act(rule: Rule, action: Action, program: Program, run: Run): Ends {
  switch (action.kind) {
    case "permit":
    case "refuse":
    case "defer":
      note(run, program, rule.says, action.kind, rule.where);
      return { [action.kind]: [] };
    case "go-on":
      return { "go-on": [] };
    case "defer-if-permit":
      note(run, program, rule.says, "defer", rule.where);
      run.deferIfPermit = true;
      return { "go-on": [] };
    case "unknown":
      note(run, program, rule.says, "unknown", rule.where);
      return anything(action.because);
    case "run":
      return runProgram(action.program, run);
  }
}

const anything = (because: Unknown): Ends => ({ permit: [because], refuse: [because], "go-on": [because] });

/** Whether a condition is met in this session. */
function evaluate(condition: Condition, run: Run): Truth {
  const { session, recipient, listener } = run;
  switch (condition.kind) {
    case "always":
      return "yes";
    case "client-address":
      return truthOf(condition.set.has(session.client.address));
    case "text": {
      const text = listener.text(session, condition.of);
      return text === null ? "no" : condition.matches.test(text);
    }
    case "authenticated":
      return session.client.authenticated ? (listener.offersAuth === "no" ? "no" : "yes") : "no";
    case "encrypted":
      return truthOf(session.tls !== "none" && listener.tls !== "none");
    case "certificate":
      return truthOf(session.client.certificate !== "none" && session.tls !== "none");
    case "recipient-ends":
      if (recipient.kind !== "address") return "no";
      if (typeof recipient.end !== "string") return recipient.end;
      return truthOf(condition.at.includes(recipient.end));
    case "recipient-routed":
      return truthOf(recipient.kind === "address" && recipient.routed);
    case "recipient-exists":
      return recipient.kind === "address" ? recipient.exists : "no";
    case "backup-mx":
      return truthOf(session.backupMx);
    case "first-recipient":
      return truthOf(session.previousRecipients.length === 0);
    case "not": {
      const truth = evaluate(condition.of, run);
      return truth === "yes" ? "no" : truth === "no" ? "yes" : truth;
    }
    case "all":
    case "any": {
      const settles = condition.kind === "all" ? "no" : "yes";
      let doubt: Unknown | null = null;
      for (const one of condition.of) {
        const truth = evaluate(one, run);
        if (truth === settles) return truth;
        if (typeof truth !== "string") doubt ??= truth;
      }
      return doubt ?? (settles === "no" ? "yes" : "no");
    }
    case "program-permits": {
      const ends = runProgram(condition.program, run);
      const doubt = [ends.permit, ends.refuse, ends.defer].flatMap((because) => because ?? []).at(0);
      if (ends.permit === undefined) return "no";
      return ends.refuse === undefined && ends.defer === undefined ? "yes" : (doubt ?? "yes");
    }
    case "unknown":
      return condition.because;
    case "computed":
      return condition.test(session);
  }
}

const truthOf = (is: boolean): Truth => (is ? "yes" : "no");

function note(run: Run, program: Program, rule: string, result: TraceEntry["result"], where: Span | null): void {
  if (run.trace.length < 100) run.trace.push({ program: program.name, rule, result, where });
}

function unique(unknowns: readonly Unknown[]): readonly Unknown[] {
  const seen = new Map(unknowns.map((one) => [`${one.unknown}|${one.where?.file}|${one.where?.start.line}`, one]));
  return [...seen.values()].slice(0, 20);
}
