/**
 * The probe row: one way of trying to relay, as data (`catalogue/probes/*.yaml`). Adding an envelope probe is adding a
 * row. What a row may ask for is a closed set, so that a catalogue update can never do more than this code allows.
 */
import { z } from "zod";

/**
 * How the reverse-path of a pass is written: `ext` the tester's own address, `loc` a made-up one in the target's
 * domain, `lit` one at the target's address literal, `host` one at the target's host name, `null` the null reverse-path.
 */
export const passes = ["ext", "loc", "lit", "host", "null"] as const;
export type Pass = (typeof passes)[number];

/** Which part of the rule a probe tries to break. `closed` needs a definite answer in each of the first five. */
export const probeClasses = [
  "plain",
  "sender",
  "routing",
  "helo",
  "trust",
  "auth",
  "state",
  "transport",
  "smuggling",
  "backscatter",
  "control",
] as const;
export type ProbeClass = (typeof probeClasses)[number];

/** How the replies and arrivals of a probe are read (the judges are in `check/judge.ts`). */
export const judges = [
  /** Expected value is known; feeds confidence, never severity. */
  "control",
  /** Recipient accepted → accepted; arrived at the catcher → relayed. */
  "relay",
  /** As `relay`, but a closed mailer often accepts because it sees one odd local mailbox. */
  "routing",
  /** As `relay`, but a refusal at MAIL is only about this way of writing the sender. */
  "sender-form",
  /** Made-up credentials accepted is a finding at once; whatever the answer, the steps go on and are read as `relay`. */
  "login",
  /** An injected client identity that is believed is a finding at once; then as `relay`. */
  "injection",
  /** A 2xx after a malformed end of data; the inner message at the catcher → relayed. */
  "smuggling",
  /** A DSN or automatic reply at the reverse-path is backscatter, never relaying. */
  "backscatter",
  /** A message for a local recipient reaches the catcher: recipients were read from somewhere else. */
  "reparse",
  /** AUTH among the EHLO keywords before TLS. */
  "auth-plaintext",
  /** A command written before the TLS handshake is answered after it. */
  "starttls-injection",
  /** An unknown sub-domain of the target's domain is accepted. */
  "subdomain",
] as const;
export type Judge = (typeof judges)[number];

/**
 * `envelope`: commands only; proved, if accepted, by one message to the catcher. `message`: always a message to the
 * catcher. `local-message`: a message, always or as the proof, also goes to the site's own consenting local recipient
 * (or, to see it refused, to a made-up one). `risky`: may annoy or break; only when named with `--probes`.
 */
export const safeties = ["envelope", "message", "local-message", "risky"] as const;

/** `current`: seen in the last ten years; `possible`: needs an unusual configuration; `historical`; `research`. */
export const eras = ["current", "possible", "historical", "research"] as const;
export type Era = (typeof eras)[number];

/** A template, or several: each becomes an instance of its own. */
const template = z.string().max(4096);
const templates = z.union([template, z.array(template).min(1).max(12)]);

/** A path after `MAIL FROM:` / `RCPT TO:`, or a whole line where the odd writing of the verb is the point. */
const pathStep = z.union([templates, z.strictObject({ line: templates })]);

const bytes = z.union([z.strictObject({ text: templates }), z.strictObject({ hex: templates })]);

const simpleStep = z.union([
  z.strictObject({ ehlo: templates }),
  z.strictObject({ helo: templates }),
  z.strictObject({ mail: pathStep }),
  z.strictObject({ rcpt: pathStep }),
  z.strictObject({ rset: z.literal(true) }),
  /** Raw bytes, then so many replies to be read. `text` gets no line end of its own. */
  z.strictObject({
    raw: z.union([
      z.strictObject({ text: templates, replies: z.int().min(0).max(8) }),
      z.strictObject({ hex: templates, replies: z.int().min(0).max(8) }),
    ]),
  }),
  z.strictObject({
    message: z.strictObject({
      /** Header fields, before the standard ones; one of the same name takes the standard one's place. */
      headers: z.array(template).max(128).exactOptional(),
      /** Raw bytes in place of CRLF.CRLF, after the body (hexadecimal). */
      end: z
        .string()
        .regex(/^([0-9a-f]{2})+$/i)
        .exactOptional(),
      /** What is written after a malformed end, in one piece, before the proper end: the smuggled commands. */
      tail: template.exactOptional(),
      /** No body at all: only the final dot. */
      empty: z.literal(true).exactOptional(),
    }),
  }),
]);

/** The closed set of steps. An unknown one makes the probe `not-run: needs Fencepost ≥ N`. */
export const stepSchema = z.union([
  simpleStep,
  /** Written right after the connection opens, before the greeting is read. */
  z.strictObject({ preface: bytes }),
  /**
   * `inject` is written in the same packet as STARTTLS (RFC 3207 §6). `certificate`: send the client certificate.
   * `ifOffered`: where STARTTLS is not offered, this step and the EHLO after it are left out (by `check/expand.ts`).
   */
  z.strictObject({
    starttls: z.strictObject({
      inject: template.exactOptional(),
      certificate: z.literal(true).exactOptional(),
      ifOffered: z.literal(true).exactOptional(),
    }),
  }),
  /**
   * One AUTH exchange (RFC 4954). Lines are text that is sent as base64, except `=` (empty) and `*` (cancel), which go
   * as they are. Client-first mechanisms send the first line as initial response.
   */
  z.strictObject({
    auth: z.strictObject({ mechanism: z.string().regex(/^[A-Z0-9_-]{1,20}$/), lines: z.array(template).max(4) }),
  }),
  /** Steps written in one piece, then their replies read in order (RFC 2920). */
  z.strictObject({ pipeline: z.array(simpleStep).min(2).max(6) }),
]);
/** A step as the row has it, templates not yet rendered. */
export type StepTemplate = z.infer<typeof stepSchema>;

/** `null` may be written without quotes. */
const pass = z.preprocess((value) => (value === null ? "null" : value), z.enum(passes));

const need =
  /^(ehlo [A-Z0-9-]+( [A-Z0-9-]+)?|no-ehlo [A-Z0-9-]+|role (mx|submission|smarthost)|client-certificate|catch-domain)$/;

export const probeSchema = z.strictObject({
  /** Never reused for another probe. */
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(48),
  /** The catalogue serial that brought it. */
  since: z.int().min(1),
  /** What is tried, for a tired postmaster. */
  title: z.string().min(1).max(160),
  /** Which fault it would find, and in what. */
  why: z.string().min(1).max(400),
  class: z.enum(probeClasses),
  era: z.enum(eras),
  safety: z.enum(safeties),
  judge: z.enum(judges),
  /**
   * What must be offered or known: `ehlo KEYWORD [ARGUMENT]`, `no-ehlo KEYWORD`, `role mx|submission|smarthost`,
   * `client-certificate`, `catch-domain`. What a placeholder stands for need not be named here.
   */
  needs: z.array(z.string().regex(need, "is no need that this version knows")).max(8),
  /** One instance each. Empty if no step holds `{pass}`: the row writes its own reverse-path, or none. */
  passes: z.array(pass).max(passes.length),
  steps: z.array(stepSchema).min(1).max(16),
  /** Key of the remedy text (`catalogue/remedies.yaml`). */
  remedy: z.string().max(8),
  /** Where it is written, or who else tries it. */
  references: z.array(z.string().max(300)).min(1),
  /** The day a person last looked at this row. */
  verified: z.iso.date(),
  /** The lowest version that knows all that the row asks for, if it is not the first. */
  fencepost: z
    .string()
    .regex(/^[0-9]+\.[0-9]+(\.[0-9]+)?$/)
    .exactOptional(),
});
export type Probe = z.infer<typeof probeSchema>;

/** Every template of a step, all ways of writing. */
export function templatesOf(step: StepTemplate): readonly string[] {
  if ("ehlo" in step) return [step.ehlo].flat();
  if ("helo" in step) return [step.helo].flat();
  if ("mail" in step) return pathTemplates(step.mail);
  if ("rcpt" in step) return pathTemplates(step.rcpt);
  if ("raw" in step) return ["text" in step.raw ? step.raw.text : step.raw.hex].flat();
  if ("preface" in step) return ["text" in step.preface ? step.preface.text : step.preface.hex].flat();
  if ("starttls" in step) return step.starttls.inject === undefined ? [] : [step.starttls.inject];
  if ("auth" in step) return step.auth.lines;
  if ("message" in step) {
    const { headers = [], tail } = step.message;
    return tail === undefined ? headers : [...headers, tail];
  }
  if ("pipeline" in step) return step.pipeline.flatMap(templatesOf);
  return [];
}

/** Whether the row is run once a pass, instead of writing its own reverse-path. */
export function usesPass(probe: Probe): boolean {
  return probe.steps.some((step) => templatesOf(step).some((template) => template.includes("{pass}")));
}

function pathTemplates(path: z.infer<typeof pathStep>): readonly string[] {
  return typeof path === "string" || Array.isArray(path) ? [path].flat() : [path.line].flat();
}
