/**
 * Leads the places in a configuration back to the files that its text was made from. A container writes its main.cf when
 * it starts, out of variables and files of overrides: the audit reads that text, and shows the lines a person can edit.
 */
import type { Span } from "../../../text/source.ts";
import type {
  Action,
  Condition,
  Configuration,
  Listener,
  Lookup,
  Program,
  Recipient,
  Rule,
  Step,
  TextTest,
  Truth,
  Unknown,
} from "../../rules.ts";

/** Where a stretch of the made text came from; `null`: nobody wrote it, the image does. */
export type Place = (made: Span) => Span | null;

/** The configuration with every place led back. */
export function relocated(configuration: Configuration, place: Place): Configuration {
  const programs = new Map<Program, Program>();
  const at = (span: Span | null): Span | null => (span === null ? null : place(span));
  const unknown = (one: Unknown): Unknown => ({ unknown: one.unknown, where: at(one.where) });
  const truth = (one: Truth): Truth => (typeof one === "string" ? one : unknown(one));
  const text = (test: TextTest): TextTest => ({ ...test, test: (value) => truth(test.test(value)) });

  const condition = (one: Condition): Condition => {
    switch (one.kind) {
      case "text":
        return { ...one, matches: text(one.matches) };
      case "not":
        return { ...one, of: condition(one.of) };
      case "all":
      case "any":
        return { ...one, of: one.of.map(condition) };
      case "program-permits":
        return { ...one, program: program(one.program) };
      case "unknown":
        return { ...one, because: unknown(one.because) };
      case "computed":
        return { ...one, test: (session) => truth(one.test(session)) };
      default:
        return one;
    }
  };
  const action = (one: Action): Action => {
    if (one.kind === "unknown") return { ...one, because: unknown(one.because) };
    return one.kind === "run" ? { ...one, program: program(one.program) } : one;
  };
  const rule = (one: Rule): Rule => ({
    says: one.says,
    when: condition(one.when),
    does: action(one.does),
    where: at(one.where),
  });
  const lookup = (one: Lookup): Lookup => ({
    ...one,
    find: (session) => {
      const found = one.find(session);
      return found === null ? null : "unknown" in found ? unknown(found) : found.map(rule);
    },
    programs: one.programs.map(program),
    where: at(one.where),
  });
  const step = (one: Step): Step => {
    if (one.kind === "toothless") return { ...one, step: step(one.step), where: at(one.where) };
    return one.kind === "lookup" ? { kind: "lookup", ...lookup(one) } : { kind: "rule", ...rule(one) };
  };
  /** A program may run itself: it is known before its steps are. */
  function program(one: Program): Program {
    const known = programs.get(one);
    if (known !== undefined) return known;
    const steps: Step[] = [];
    const moved: Program = { ...one, steps, where: at(one.where) };
    programs.set(one, moved);
    for (const each of one.steps) steps.push(step(each));
    return moved;
  }
  const recipient = (one: Recipient): Recipient =>
    one.kind !== "address"
      ? one
      : {
          ...one,
          end: typeof one.end === "string" ? one.end : unknown(one.end),
          where: at(one.where),
          exists: truth(one.exists),
          onward: one.onward === null ? null : { to: one.onward.to, where: at(one.onward.where) },
        };
  const listener = (one: Listener): Listener => ({
    ...one,
    offersAuth: truth(one.offersAuth),
    impersonators: one.impersonators === null ? null : { ...one.impersonators, where: at(one.impersonators.where) },
    stages: one.stages.map((stage) => ({ at: stage.at, program: program(stage.program) })),
    recipient: (forwardPath) => recipient(one.recipient(forwardPath)),
    caveats: one.caveats.map((caveat) => ({ ...caveat, where: at(caveat.where) })),
    where: at(one.where),
  });
  return {
    ...configuration,
    listeners: configuration.listeners.map(listener),
    domains: configuration.domains.map((domain) => ({ ...domain, where: at(domain.where) })),
    unreadable: configuration.unreadable.map(unknown),
  };
}
