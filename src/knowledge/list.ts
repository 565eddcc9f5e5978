/**
 * A DNS list of addresses or domains (RFC 5782): which zones it has, how to know that it lives, what its answers mean,
 * and how one gets off it. Lists that have ended are rows too: mailers still ask some of them.
 */
import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(32);
const words = z.string().min(1).max(600);

/** What one can ask a zone about. `hash`: hashes of mail addresses or links, which nobody's mailer is. */
export const listSubjects = ["ip4", "ip6", "domain", "hash"] as const;
export type ListSubject = (typeof listSubjects)[number];

/** `conditional`: answers only some askers; `doubtful`: sources disagree whether it lives; `merged`: asked under another name. */
export const listStatuses = [
  "alive",
  "conditional",
  "controversial",
  "registration",
  "paid",
  "doubtful",
  "private",
  "merged",
  "dead",
] as const;

/** Why a list would not tell us, as far as its own answer says. */
export const refusalReasons = [
  "refuses-resolver",
  "over-limit",
  "not-registered",
  "key-refused",
  "wrong-question",
  "refused-here",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Four octets, each a number, a range or any: `127.0.0.2`, `127.0.0.5-7`, `127.0.1.*`. */
const answerPattern = z.string().regex(/^127(\.(\*|[0-9]{1,3}(-[0-9]{1,3})?)){3}$/);

/**
 * A row of a code table. `answer` is compared octet by octet; `bit` is a mask in the last octet of 127.0.0.x, and
 * several may be set at once. `means` may hold `{3}` and `{4}`, the octets of the answer.
 */
export const codeSchema = z
  .strictObject({
    answer: answerPattern.exactOptional(),
    bit: z.int().min(1).max(128).exactOptional(),
    kind: z.enum(["listed", "allowed", "info", "refused"]),
    means: z.string().min(1).max(160),
    /** For `refused`. */
    because: z.enum(refusalReasons).exactOptional(),
    /** The row that says how to get out of this part. */
    part: id.exactOptional(),
    /** The list says: an open relay. */
    relay: z.literal(true).exactOptional(),
    confidence: z.enum(["H", "M", "L"]),
  })
  .check((context) => {
    const { answer, bit, kind, because } = context.value;
    const wrong = (message: string) => context.issues.push({ code: "custom", message, input: context.value });
    if ((answer === undefined) === (bit === undefined)) wrong("expected either an answer or a bit");
    if (bit !== undefined && (bit & (bit - 1)) !== 0) wrong("expected one bit: 1, 2, 4, … 128");
    if ((kind === "refused") !== (because !== undefined)) wrong("expected a reason with refused, and only there");
  });
export type ListCode = z.infer<typeof codeSchema>;

/** Test points other than those of RFC 5782 §5; `null`: it has none. */
const testSchema = z.strictObject({
  /** Must be listed: the label or address asked for. */
  listed: z.string().max(80).nullable().exactOptional(),
  /** Must not be listed. */
  unlisted: z.string().max(80).nullable().exactOptional(),
  /** What it answers for the entry that is listed, where its table does not hold it. */
  answers: answerPattern.exactOptional(),
});

export const zoneSchema = z.strictObject({
  /** `{key}` stands for the asker's key. */
  zone: z.string().regex(/^(\{key\}\.)?[a-z0-9_-]+(\.[a-z0-9-]+)+$/),
  subjects: z.array(z.enum(listSubjects)).min(1),
  /** Where the zone's answers differ from the list's. */
  codes: z.array(codeSchema).exactOptional(),
  test: testSchema.exactOptional(),
});
export type ListZone = z.infer<typeof zoneSchema>;

export const listSchema = z
  .strictObject({
    id,
    name: z.string().min(1).max(120),
    operator: z.string().min(1).max(80),
    role: z.enum(["block", "policy", "allow", "score", "mixed", "info"]),
    status: z.enum(listStatuses),
    /** What shows that it lives or has ended. */
    known: words,
    /** How many mailers heed it. */
    weight: z.enum(["highest", "high", "medium", "low", "none"]),
    /** Asked in this order; with a key at hand those with `{key}` are asked, else the others. None: not asked by DNS. */
    zones: z.array(zoneSchema).max(12),
    /** Other names of the same data: recognised in configurations and refusals, never asked. */
    aliases: z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)).exactOptional(),
    /** The list whose zone holds this one's entries. */
    within: id.exactOptional(),
    /** The name of the key, shared by an operator's lists. */
    key: id.exactOptional(),
    codes: z.array(codeSchema),
    criteria: words,
    /** What it says of open relays. */
    relays: words,
    removal: z.strictObject({
      /** `inside`: by the rows of its parts. */
      kind: z.enum(["wait", "self-service", "write", "isp", "inside", "none", "unknown"]),
      /** A page or a mail address. */
      where: z.string().min(1).max(200).nullable(),
      how: words,
      /** What the operator wants to know or to see done first. */
      wants: z.array(z.string().min(1).max(160)),
      time: z.string().min(1).max(120),
      fee: z.string().min(1).max(160).nullable(),
    }),
    /** Where to look by hand; `{subject}` stands for the address or domain. */
    look: z
      .string()
      .regex(/^https?:\/\//)
      .max(200)
      .nullable(),
    /** What asking or testing there can bring about. */
    hazard: words.nullable(),
    limits: words.nullable(),
    /** Questions a second that the operator allows. */
    perSecond: z.int().min(1).exactOptional(),
    /** Why an entry here need not trouble anyone. */
    ignore: words.exactOptional(),
    /** When it ended, as exactly as it is known. */
    ended: z.string().min(4).max(40).exactOptional(),
    /** It has been seen to answer that everything is listed. */
    answersYesToAll: z.boolean().exactOptional(),
    confidence: z.string().min(1).max(160),
    sources: z.array(z.string().min(1).max(160)).min(1),
    verified: z.iso.date(),
  })
  .check((context) => {
    const { status, ended, zones, key } = context.value;
    const wrong = (message: string) => context.issues.push({ code: "custom", message, input: context.value });
    if ((status === "dead") !== (ended !== undefined)) wrong("expected `ended` with the status dead, and only there");
    const keyed = zones.some(({ zone }) => zone.startsWith("{key}"));
    if (keyed !== (key !== undefined)) wrong("expected the name of a key where a zone holds {key}, and only there");
  });
export type List = z.infer<typeof listSchema>;

/** A list that has ended, with all of its zones. */
export interface DeadList {
  readonly id: string;
  readonly name: string;
  /** The zones, and all below them. */
  readonly zones: readonly string[];
  readonly ended: string;
  readonly answersYesToAll: boolean;
  readonly source: string;
}

export function deadLists(lists: readonly List[]): readonly DeadList[] {
  return lists.flatMap(({ id, name, zones, aliases = [], ended, answersYesToAll = false, sources }) =>
    ended === undefined
      ? []
      : [
          {
            id,
            name,
            zones: [...zones.map(({ zone }) => zone), ...aliases],
            ended,
            answersYesToAll,
            source: sources.join("; "),
          },
        ],
  );
}
