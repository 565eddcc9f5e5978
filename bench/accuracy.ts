/** Verdicts of two testers beside the truth, and how often each was right. */

type Mark = "right" | "unsure" | "WRONG";

export class AccuracyTable {
  readonly #ours = new Map<Mark, number>();
  readonly #theirs = new Map<Mark, number>();
  #rows = 0;

  constructor(peer: string) {
    console.log(`${"mailer".padEnd(30)} truth    ours                   ${peer}`);
  }

  add(name: string, truth: "open" | "closed", mine: string, theirs: string): void {
    const own = mark(mine, truth);
    const other = mark(theirs, truth);
    this.#ours.set(own, (this.#ours.get(own) ?? 0) + 1);
    this.#theirs.set(other, (this.#theirs.get(other) ?? 0) + 1);
    this.#rows += 1;
    console.log(
      `${name.padEnd(30)} ${truth.padEnd(8)} ${mine.padEnd(13)} ${own.padEnd(8)} ${theirs.padEnd(7)} ${other}`,
    );
  }

  end(): void {
    const said = (marks: ReadonlyMap<Mark, number>, unsure: string): string =>
      `${marks.get("right") ?? 0} right, ${marks.get("unsure") ?? 0} ${unsure}, ${marks.get("WRONG") ?? 0} wrong`;
    console.log(
      `\nours: ${said(this.#ours, "unsure")} · nmap: ${said(this.#theirs, "without an answer")} · of ${this.#rows}`,
    );
  }
}

/** Whether a verdict agrees with the truth; suspect and inconclusive are neither right nor wrong. */
function mark(verdict: string, truth: "open" | "closed"): Mark {
  if (verdict !== "open" && verdict !== "closed") return "unsure";
  return verdict === truth ? "right" : "WRONG";
}
