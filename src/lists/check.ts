/**
 * Asks lists about addresses and domains: the resolver is tested first, then each zone by its test points, and only a
 * zone that may be believed is asked about the subjects. All zones go on side by side.
 */
import type { RunEvent } from "../finding/run.ts";
import type { List } from "../knowledge/list.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Answer, Clock, Random, Resolver } from "../ports.ts";
import {
  findingsOf,
  listHealth,
  resolverWords,
  subjectResult,
  type Told,
  unaskedHealth,
  verdictOf,
} from "./conclude.ts";
import { Gate } from "./gate.ts";
import { type Health, judgeHealth, testPoints } from "./health.ts";
import { type Meaning, meaningBy } from "./meaning.ts";
import type { AnswerMemory } from "./memory.ts";
import { type Asking, type ListKeys, planOf } from "./plan.ts";
import { labelsOf, questionName, type Subject, type SubjectKind } from "./question.ts";
import type { UnknownReason } from "./reasons.ts";
import { judgeResolver, type ResolverHealth, unregisteredNames, unrewritten } from "./resolver-health.ts";
import type { ListsDocument, SubjectResult } from "./result.ts";

export interface AskedSubject {
  readonly subject: Subject;
  /** The managed mailer that has or sends from the address. */
  readonly mailer: string | null;
}

export interface ListsRequest {
  readonly subjects: readonly AskedSubject[];
  /** The lists to ask. */
  readonly lists: readonly List[];
  /** All rows of the catalogue: for the parts of lists. */
  readonly catalogue: readonly List[];
  readonly keys: ListKeys;
  /** The resolver's servers, for the report. */
  readonly servers: readonly string[];
}

export interface ListsPorts {
  readonly resolver: Pick<Resolver, "a" | "txt">;
  readonly clock: Clock;
  readonly random: Random;
  readonly memory: AnswerMemory;
}

/** Questions that wait for their answers at once: what a small resolver takes without dropping any. */
const outstanding = 100;

/** A zone that has failed so often in a row is not asked again in this run. */
const failuresInRow = 5;

/** A resolver or a list that was short of breath gets a second question, after a moment. */
const secondTryMs = 100;

const tickMs = 200;
const maxText = 300;

export async function* checkLists(
  request: ListsRequest,
  ports: ListsPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<SubjectResult, ListsDocument>> {
  const startedAt = ports.clock.now().toISOString();
  const run = new Run(request, ports, signal);
  let over = false;
  const all = run.all().then(() => {
    over = true;
  });
  all.catch(() => {}); // whoever reads these events may be slow to come back for the error
  const told = new Map<number, SubjectResult>();
  while (true) {
    const last = over; // before what is done is told: more may be done while we tell
    for (const index of run.takeDone()) {
      const step = run.resultOf(index);
      told.set(index, step);
      yield { kind: "step", step };
    }
    if (last) break;
    yield { kind: "progress", done: run.answered, total: run.total, doing: `${run.asked} questions` };
    await Promise.race([all, ports.clock.sleep(tickMs, signal).catch(() => all)]);
  }
  const subjects = request.subjects.map((_, index) => told.get(index) ?? run.resultOf(index));
  const result = run.document(subjects, startedAt);
  for (const finding of result.findings) yield { kind: "finding", finding };
  yield { kind: "result", result };
}

/** One run: what each zone has said so far. */
class Run {
  readonly #request: ListsRequest;
  readonly #ports: ListsPorts;
  readonly #signal: AbortSignal;
  readonly #plan: ReturnType<typeof planOf>;
  readonly #gate = new Gate(outstanding);
  readonly #rows: ReadonlyMap<string, List>;
  /** By asking, then by subject; nothing yet: not answered. */
  readonly #told: (Told | undefined)[][];
  readonly #health: (Health | undefined)[];
  /** By subject: what stands in front of each zone. */
  readonly #labels: readonly string[];
  readonly #left: number[];
  readonly #done: number[] = [];
  #resolver: ResolverHealth | null = null;
  asked = 0;
  answered = 0;
  readonly total: number;

  constructor(request: ListsRequest, ports: ListsPorts, signal: AbortSignal) {
    this.#request = request;
    this.#ports = ports;
    this.#signal = signal;
    const kinds = [...new Set(request.subjects.map(({ subject }) => subject.kind))];
    this.#plan = planOf(request.lists, kinds, request.keys);
    this.#rows = new Map(request.catalogue.map((list) => [list.id, list]));
    this.#told = this.#plan.askings.map(() => []);
    this.#health = this.#plan.askings.map(() => undefined);
    this.#labels = request.subjects.map(({ subject }) => labelsOf(subject));
    const zonesOf = (kind: SubjectKind): number => this.#plan.askings.filter((asking) => asking.kind === kind).length;
    this.#left = request.subjects.map(({ subject }) => zonesOf(subject.kind));
    this.total = this.#left.reduce((sum, count) => sum + count, 0);
  }

  async all(): Promise<void> {
    try {
      const names = unregisteredNames(this.#ports.random.bytes(12));
      this.#resolver = judgeResolver(await Promise.all(names.map((name) => this.#a(name))));
      await Promise.all(this.#plan.askings.map((asking, index) => this.#ask(asking, index)));
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  /** Subjects of which all is known since this was asked last. */
  takeDone(): readonly number[] {
    return this.#done.splice(0);
  }

  resultOf(index: number): SubjectResult {
    const { subject, mailer } = this.#request.subjects[index]!;
    const zones = this.#plan.askings.flatMap((asking, at) =>
      asking.kind === subject.kind
        ? [{ asking, health: this.#healthAt(at), told: this.#told[at]?.[index] ?? untold("interrupted") }]
        : [],
    );
    return subjectResult(subject, mailer, zones, this.#plan.unasked, this.#rows);
  }

  document(subjects: readonly SubjectResult[], startedAt: string): ListsDocument {
    const lists = [
      ...this.#plan.askings.map((asking, at) => listHealth(asking, this.#healthAt(at), this.#onlyOne(asking.kind))),
      ...this.#plan.unasked.map((one) => unaskedHealth(one, this.#onlyOne(one.kind))),
    ];
    const resolver = resolverWords(this.#request.servers, this.#resolver, lists);
    return {
      schema: "fencepost/lists/1",
      ...verdictOf(subjects, lists),
      resolver,
      subjects: [...subjects],
      lists,
      findings: [...findingsOf(subjects, lists, resolver)],
      questions: this.asked,
      ended: this.#signal.aborted ? "interrupted" : "finished",
      startedAt,
      finishedAt: this.#ports.clock.now().toISOString(),
    };
  }

  /** The subject of this kind, if there is but one. */
  #onlyOne(kind: SubjectKind): Subject | null {
    const [first, second] = this.#request.subjects.filter(({ subject }) => subject.kind === kind);
    return second === undefined ? (first?.subject ?? null) : null;
  }

  #healthAt(at: number): Health {
    return this.#health[at] ?? { verdict: "unfit", reason: "interrupted", says: "" };
  }

  async #ask(asking: Asking, at: number): Promise<void> {
    const health = await this.#healthOf(asking);
    this.#health[at] = health;
    const mine = this.#request.subjects.flatMap(({ subject }, index) => (subject.kind === asking.kind ? [index] : []));
    if (health.verdict === "unfit") {
      for (const index of mine) this.#tell(at, index, untold(health.reason));
      return;
    }
    const meaning = meaningBy(asking.row.codes ?? asking.list.codes);
    const began = this.#ports.clock.monotonic();
    const { perSecond } = asking.list;
    const waiting: Promise<void>[] = [];
    const state: ZoneState = { failures: 0, stopped: null };
    for (const [place, index] of mine.entries()) {
      if (perSecond !== undefined && place >= perSecond)
        await this.#until(began + Math.floor(place / perSecond) * 1000);
      // Waits for room here, so that a zone that fails is found out before all of its questions are under way.
      const room = this.#gate.enter();
      if (room !== undefined) await room;
      if (state.stopped !== null || this.#signal.aborted) {
        this.#gate.leave();
        this.#signal.throwIfAborted();
        this.#tell(at, index, untold(state.stopped ?? "interrupted"));
        continue;
      }
      const one = this.#one(asking, at, index, meaning, state);
      one.catch(() => {}); // an abort ends this loop before anyone waits for them
      waiting.push(one);
    }
    await Promise.all(waiting);
  }

  /** One question, behind the gate that is entered. */
  async #one(
    { zone, list }: Asking,
    at: number,
    index: number,
    meaning: (answer: Answer<IpAddress>) => Meaning,
    state: ZoneState,
  ): Promise<void> {
    const name = questionName(this.#labels[index]!, zone);
    let told: Told = untold("name-too-long");
    try {
      if (name !== null) told = this.#believed(meaning(await this.#answer(name)), state);
      if (name !== null && told.kind === "meaning" && told.meaning.kind === "listed")
        told = { ...told, text: await this.#text(name, list) };
    } finally {
      this.#gate.leave();
    }
    this.#tell(at, index, told);
  }

  #believed(meaning: Meaning, state: ZoneState): Told {
    if (meaning.kind === "failed") {
      state.failures += 1;
      if (state.failures >= failuresInRow) state.stopped ??= meaning.cause;
    } else state.failures = 0;
    // What refuses one question refuses the next, and asking on makes it worse.
    if (meaning.kind === "refused" && meaning.because !== "wrong-question") state.stopped ??= meaning.because;
    if (meaning.kind === "unlisted" && this.#resolver?.verdict === "rewrites") return untold("rewriting-resolver");
    return { kind: "meaning", meaning, text: null };
  }

  async #text(name: string, { key }: List): Promise<string | null> {
    const answer = await this.#ports.resolver.txt(name, this.#signal);
    this.asked += 1;
    if (answer.kind !== "answer") return null;
    const text = answer.records.slice(0, 4).join(" ").slice(0, maxText);
    const secret = key === undefined ? undefined : this.#request.keys.get(key);
    return secret === undefined ? text : text.replaceAll(secret, "{key}");
  }

  async #healthOf(asking: Asking): Promise<Health> {
    const resolver = this.#resolver;
    if (asking.list.status === "dead") return unfit("ended");
    if (resolver?.verdict === "silent") return unfit("resolver-silent");
    // Its made-up answers look like entries: nothing can be told apart from them.
    if (resolver?.verdict === "rewrites" && resolver.imitatesLists) return unfit("rewriting-resolver");
    const health = await this.#tested(asking, asking.kind);
    const { subjects } = asking.row;
    // Many zones answer for IPv6 or domains as well, and have test entries for IPv4 alone.
    if (health.verdict !== "unfit" || health.reason !== "dead" || asking.kind === "ip4" || !subjects.includes("ip4"))
      return health;
    const other = await this.#tested(asking, "ip4");
    return other.verdict === "healthy" ? { verdict: "no-test-entry" } : health;
  }

  async #tested({ list, row, zone }: Asking, kind: SubjectKind): Promise<Health> {
    const meaning = meaningBy(row.codes ?? list.codes);
    const points = testPoints(row, kind, this.#ports.random.bytes(8));
    const tested = await Promise.all(
      points.map(async ({ purpose, labels }) => {
        await this.#gate.enter();
        try {
          const answer = await this.#answer(`${labels}.${zone}`);
          return { purpose, answer, meaning: meaning(answer) };
        } finally {
          this.#gate.leave();
        }
      }),
    );
    return judgeHealth(list, row, tested);
  }

  /** The answer, without what the resolver makes up. Thousands come this way: no step more than it takes. */
  async #answer(name: string): Promise<Answer<IpAddress>> {
    const { memory, clock } = this.#ports;
    let answer = memory.get(name);
    if (answer === undefined) {
      answer = await this.#a(name);
      if (answer.kind === "failed" && answer.cause !== "timeout") {
        await clock.sleep(secondTryMs, this.#signal);
        answer = await this.#a(name);
      }
      memory.put(name, answer);
    }
    return this.#resolver === null ? answer : unrewritten(answer, this.#resolver);
  }

  #a(name: string): Promise<Answer<IpAddress>> {
    this.asked += 1;
    return this.#ports.resolver.a(name, this.#signal);
  }

  #until(time: number): Promise<void> {
    const wait = time - this.#ports.clock.monotonic();
    return wait <= 0 ? Promise.resolve() : this.#ports.clock.sleep(wait, this.#signal);
  }

  #tell(at: number, index: number, told: Told): void {
    this.#told[at]![index] = told;
    this.answered += 1;
    this.#left[index]! -= 1;
    if (this.#left[index] === 0) this.#done.push(index);
  }
}

interface ZoneState {
  failures: number;
  stopped: UnknownReason | null;
}

const untold = (reason: UnknownReason): Told => ({ kind: "untold", reason });
const unfit = (reason: UnknownReason): Health => ({ verdict: "unfit", reason, says: "" });
