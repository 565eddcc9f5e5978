/** What a run against one target has brought so far: instances tried, controls, refusals heard. */
import { formatReply, type Reply } from "../smtp/reply.ts";
import type { ControlResult } from "./result.ts";
import type { Tried } from "./tried.ts";

/** Refusals kept for telling the product; more would say the same. */
const maxReplies = 200;

export class RunRecord {
  readonly #tried: Tried[] = [];
  readonly #byToken = new Map<string, Tried>();
  readonly #byName = new Map<string, number>();
  readonly #controls: ControlResult[] = [];
  readonly #replies: string[] = [];
  /** Up to where refusals lie before a control that passed. */
  #goodUntil = 0;

  get tried(): readonly Tried[] {
    return this.#tried;
  }

  get controls(): readonly ControlResult[] {
    return this.#controls;
  }

  get replies(): readonly string[] {
    return this.#replies;
  }

  /** Adds an instance, or replaces what was known of it: greylisted ones are tried again with the same token. */
  add(tried: Tried): Tried {
    const at = this.#byName.get(tried.instance.name);
    if (at === undefined) this.#byName.set(tried.instance.name, this.#tried.push(tried) - 1);
    else this.#tried[at] = tried;
    if (tried.instance.token !== "") this.#byToken.set(tried.instance.token, tried);
    return tried;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  withToken(token: string): Tried | null {
    return this.#byToken.get(token) ?? null;
  }

  heard(...replies: readonly (Reply | null)[]): void {
    for (const reply of replies)
      if (reply !== null && reply.code >= 400 && this.#replies.length < maxReplies)
        this.#replies.push(formatReply(reply));
  }

  /** Keeps the controls of one moment. If all of them passed, everything so far was answered to anyone. */
  addControls(controls: readonly ControlResult[]): void {
    this.#controls.push(...controls);
    if (controls.every((control) => control.passed)) this.#goodUntil = this.#tried.length;
  }

  /** A control that was greylisted, asked again. */
  replaceControl(control: ControlResult): void {
    const at = this.#controls.findIndex((one) => one.id === control.id && one.at === control.at);
    if (at >= 0) this.#controls[at] = control;
  }

  /** Controls in the middle of a run move the mark, and are kept only if they fail: then they tell when. */
  stillGood(controls: readonly ControlResult[], tried: number): void {
    if (controls.length > 0 && controls.every((control) => control.passed)) this.#goodUntil = tried;
  }

  /** Messages that were accepted and not seen again; refusals that may have been about the tester. */
  settle(): void {
    for (const tried of this.#tried)
      if (tried.sent && tried.outcome === "accepted" && tried.instance.probe.judge !== "smuggling")
        tried.outcome = "silent";
    const passedFirst = new Set(this.#controls.filter((one) => one.at === "start" && one.passed).map((one) => one.id));
    if (!this.#controls.some((control) => control.at === "end" && !control.passed && passedFirst.has(control.id)))
      return;
    // The target treats us otherwise than at the beginning: what it refused since may have been about us.
    for (const tried of this.#tried.slice(this.#goodUntil))
      if (tried.outcome === "refused" || tried.outcome === "not-reached") {
        tried.outcome = "tester-refused";
        tried.reason = "the control failed afterwards, so this may be about the tester";
      }
  }
}
