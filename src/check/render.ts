/**
 * One row's steps with their templates filled, and what can be told from them: the judged step, the bytes on the wire,
 * whether a local-part is too long. Pure; where the values come from is not its business.
 */
import { placeholdersIn, tokenPlaceholders } from "../knowledge/placeholders.ts";
import type { StepTemplate } from "../knowledge/probe.ts";

/** What follows `MAIL FROM:` or `RCPT TO:` with its parameters, or the whole line without its CRLF. */
export type RenderedPath = string | { readonly line: string };

export type SimpleRenderedStep =
  /** An empty name is the verb alone. */
  | { readonly ehlo: string }
  | { readonly helo: string }
  | { readonly mail: RenderedPath }
  | { readonly rcpt: RenderedPath }
  | { readonly rset: true }
  /** Written as it is, without a line end of its own; then so many replies are read. */
  | { readonly raw: { readonly text: string; readonly replies: number } }
  | {
      readonly message: {
        readonly headers?: readonly string[];
        /** Hexadecimal, as in the row. */
        readonly end?: string;
        readonly tail?: string;
        readonly empty?: true;
      };
    };

/**
 * A step with its strings final: one character is one byte (latin1). Hexadecimal `raw` and `preface` have become
 * text. Otherwise as `StepTemplate`.
 */
export type RenderedStep =
  | SimpleRenderedStep
  | { readonly preface: { readonly text: string } }
  | { readonly starttls: { readonly inject?: string; readonly certificate?: true } }
  | { readonly auth: { readonly mechanism: string; readonly lines: readonly string[] } }
  | { readonly pipeline: readonly SimpleRenderedStep[] };

/** Fills one template. */
export type Fill = (template: string) => string;

type Templates = string | readonly string[];
type SimpleTemplate = Extract<StepTemplate, { pipeline: unknown }>["pipeline"][number];

/** How many ways of writing a step has. */
export function waysOf(step: StepTemplate): number {
  if ("pipeline" in step) return Math.max(...step.pipeline.map(waysOf));
  const templates = waysTemplates(step);
  return typeof templates === "string" ? 1 : templates.length;
}

/** The step in its `way`th way of writing (from 0), filled. */
export function renderStep(step: StepTemplate, way: number, fill: Fill): RenderedStep {
  if ("preface" in step) return { preface: { text: bytesOf(step.preface, way, fill) } };
  if ("starttls" in step) {
    const { inject, certificate } = step.starttls;
    return {
      starttls: { ...(inject !== undefined && { inject: toBytes(fill(inject)) }), ...(certificate && { certificate }) },
    };
  }
  if ("auth" in step) {
    return { auth: { mechanism: step.auth.mechanism, lines: step.auth.lines.map((line) => toBytes(fill(line))) } };
  }
  if ("pipeline" in step) return { pipeline: step.pipeline.map((inner) => renderSimple(inner, way, fill)) };
  return renderSimple(step, way, fill);
}

/** The last `rcpt` that names the probe, else the last at all. */
export function judgedStep(steps: readonly StepTemplate[]): number | null {
  const last = steps.findLastIndex((step) => rcptTemplates(step).length > 0);
  const naming = steps.findLastIndex((step) =>
    rcptTemplates(step).some((template) => placeholdersIn(template).some((name) => tokenPlaceholders.has(name))),
  );
  return naming >= 0 ? naming : last >= 0 ? last : null;
}

/** All that is written, in order. What a SASL line becomes in base64 is left as text. */
export function wireText(steps: readonly RenderedStep[]): string {
  return steps.map(stepText).join("");
}

/** Local-parts above 64 octets and paths above 256 (RFC 5321 §4.5.3.1) would test the limit instead of the rule. */
export function isTooLong(steps: readonly RenderedStep[], token: string): boolean {
  return steps
    .flatMap((step): readonly RenderedStep[] => ("pipeline" in step ? step.pipeline : [step]))
    .flatMap((step) => ("mail" in step ? [step.mail] : "rcpt" in step ? [step.rcpt] : []))
    .flatMap(pathsIn)
    .filter((path) => path.toLowerCase().includes(token))
    .some((path) => path.length > 254 || localPartOf(path).length > 64);
}

function renderSimple(step: SimpleTemplate, way: number, fill: Fill): SimpleRenderedStep {
  const write = (templates: Templates) => toBytes(fill(pick(templates, way)));
  const path = (step: PathTemplate): RenderedPath =>
    typeof step === "object" && "line" in step ? { line: write(step.line) } : write(step);
  if ("ehlo" in step) return { ehlo: write(step.ehlo) };
  if ("helo" in step) return { helo: write(step.helo) };
  if ("mail" in step) return { mail: path(step.mail) };
  if ("rcpt" in step) return { rcpt: path(step.rcpt) };
  if ("raw" in step) return { raw: { text: bytesOf(step.raw, way, fill), replies: step.raw.replies } };
  if ("message" in step) {
    const { headers, end, tail, empty } = step.message;
    return {
      message: {
        ...(headers && { headers: headers.map(write) }),
        ...(end !== undefined && { end }),
        ...(tail !== undefined && { tail: write(tail) }),
        ...(empty && { empty }),
      },
    };
  }
  return { rset: true };
}

type PathTemplate = Templates | { readonly line: Templates };

function pick(templates: Templates, way: number): string {
  return typeof templates === "string" ? templates : (templates[way] ?? templates[0] ?? "");
}

function bytesOf(bytes: { text: Templates } | { hex: Templates }, way: number, fill: Fill): string {
  if ("text" in bytes) return toBytes(fill(pick(bytes.text, way)));
  const digits = fill(pick(bytes.hex, way)).replaceAll(" ", "");
  return Buffer.from(digits, "hex").toString("latin1");
}

/** Up to U+00FF a character is that byte, above it is written in UTF-8. */
function toBytes(text: string): string {
  return text.replace(/[^\u0000-\u00ff]/gu, (character) => Buffer.from(character, "utf8").toString("latin1"));
}

function waysTemplates(step: StepTemplate): Templates {
  if ("ehlo" in step) return step.ehlo;
  if ("helo" in step) return step.helo;
  if ("mail" in step) return lineOf(step.mail);
  if ("rcpt" in step) return lineOf(step.rcpt);
  if ("raw" in step) return "text" in step.raw ? step.raw.text : step.raw.hex;
  if ("preface" in step) return "text" in step.preface ? step.preface.text : step.preface.hex;
  return "";
}

function lineOf(path: PathTemplate): Templates {
  return typeof path === "object" && "line" in path ? path.line : path;
}

function rcptTemplates(step: StepTemplate): readonly string[] {
  if ("rcpt" in step) return [lineOf(step.rcpt)].flat();
  return "pipeline" in step ? step.pipeline.flatMap(rcptTemplates) : [];
}

function stepText(step: RenderedStep): string {
  if ("ehlo" in step) return `EHLO ${step.ehlo}\r\n`;
  if ("helo" in step) return `HELO ${step.helo}\r\n`;
  if ("mail" in step) return `${lineText("MAIL FROM:", step.mail)}\r\n`;
  if ("rcpt" in step) return `${lineText("RCPT TO:", step.rcpt)}\r\n`;
  if ("rset" in step) return "RSET\r\n";
  if ("raw" in step) return step.raw.text;
  if ("preface" in step) return step.preface.text;
  if ("starttls" in step)
    return `STARTTLS${step.starttls.certificate ? " certificate" : ""}\r\n${step.starttls.inject ?? ""}`;
  if ("auth" in step) return `AUTH ${[step.auth.mechanism, ...step.auth.lines].join("\r\n")}\r\n`;
  if ("pipeline" in step) return `|${step.pipeline.map(stepText).join("")}|`;
  const { headers = [], end = "", tail = "", empty } = step.message;
  return `DATA\r\n${headers.map((field) => `${field}\r\n`).join("")}${end}${tail}${empty ? "" : "message"}.\r\n`;
}

function lineText(verb: string, path: RenderedPath): string {
  return typeof path === "string" ? verb + path : path.line;
}

/** What stands between angle brackets, or else after the colon. */
function pathsIn(path: RenderedPath): readonly string[] {
  const text = typeof path === "string" ? path : path.line;
  const bracketed = [...text.matchAll(/<([^<>]*)>/g)].map((match) => match[1] ?? "");
  return bracketed.length > 0 ? bracketed : [text.slice(text.indexOf(":") + 1)];
}

/** What is before the last `@`, without a source route. */
function localPartOf(path: string): string {
  const mailbox = path.replace(/^@(?:\[[^\]]*\]|[^[:])*:/, "");
  const at = mailbox.lastIndexOf("@");
  return at < 0 ? mailbox : mailbox.slice(0, at);
}
