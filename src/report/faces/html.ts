/**
 * The html face: one file that needs nothing else. No script, no request, every string escaped; light and dark, on paper
 * and on a phone. Evidence is folded under its probe and linked from whatever rests on it.
 */
import { type Block, type Document, type Span, spansOf, type Text, wordsOf } from "../document.ts";
import { shown, shownLines } from "../shown.ts";

/** @param sections one document each; the first is the overview. */
export function renderHtml(title: string, sections: readonly Document[]): string {
  const used = new Set<string>();
  const anchors = sections.map((section) => anchorsOf(section, used));
  const first = new Map<string, string>();
  for (const own of anchors) for (const [anchor, id] of own) if (!first.has(anchor)) first.set(anchor, id);
  const body = sections
    .map((section, at) => sectionHtml(section, { get: (anchor) => anchors[at]?.get(anchor) ?? first.get(anchor) }))
    .join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
${css}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** Text as HTML: nothing that a stranger sent becomes markup, or is invisible. */
export function escaped(text: string): string {
  return shown(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The id that an anchor has in this document, else in the first one that has it: the overview links to targets. */
interface Ids {
  get(anchor: string): string | undefined;
}

/** Anchors of one document, as ids that no other document of the page has. */
function anchorsOf(document: Document, used: Set<string>): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const block of document.blocks) {
    if (!("anchor" in block) || block.anchor === undefined || ids.has(block.anchor)) continue;
    const slug = block.anchor.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "here";
    let id = slug;
    for (let number = 2; used.has(id); number += 1) id = `${slug}-${number}`;
    used.add(id);
    ids.set(block.anchor, id);
  }
  return ids;
}

function sectionHtml(document: Document, ids: Ids): string {
  const parts: string[] = [];
  let folded = false;
  for (const block of document.blocks) {
    if (block.kind === "details" && !folded) parts.push("<h2>Every probe, with its transcript</h2>");
    folded = block.kind === "details";
    parts.push(blockHtml(block, ids));
  }
  return `<section>\n${parts.join("\n")}\n</section>`;
}

function blockHtml(block: Block, ids: Ids): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}${idOf(block.anchor, ids)}>${textHtml(block.text, ids)}</h${block.level}>`;
    case "banner":
      return `<header class="banner ${block.tone}"${idOf(block.anchor, ids)}><h1>${escaped(block.title)} <span class="word">${escaped(block.word)}</span></h1><p>${textHtml(block.says, ids)}</p></header>`;
    case "paragraph":
      return `<p>${textHtml(block.text, ids)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${textHtml(item, ids)}</li>`).join("")}</ul>`;
    case "facts":
      return `<dl>${block.rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${textHtml(value, ids)}</dd>`).join("")}</dl>`;
    case "table":
      return tableHtml(block.head, block.rows, ids);
    case "events":
      return `<ul class="events">${block.events
        .map(
          ({ word, tone, title, lines }) =>
            `<li><span class="word ${tone}">${escaped(word)}</span> ${textHtml(title, ids)}${lines.map((line) => `<div>${textHtml(line, ids)}</div>`).join("")}</li>`,
        )
        .join("")}</ul>`;
    case "matrix":
      return matrixHtml(block, ids);
    case "finding":
      return findingHtml(block, ids);
    case "map":
      return mapHtml(block, ids);
    case "transcript":
      return `<pre class="transcript">${shownLines(block.text).map(transcriptLine).join("\n")}</pre>`;
    case "code":
      return `<pre>${shownLines(block.text).map(escaped).join("\n")}</pre>`;
    case "details":
      // The id stands inside: browsers unfold what a link leads into.
      return `<details><summary><span class="word ${block.tone}">${escaped(block.word)}</span> ${textHtml(block.summary, ids)}</summary><div${idOf(block.anchor, ids)}>${block.blocks.map((inner) => blockHtml(inner, ids)).join("")}</div></details>`;
  }
}

function idOf(anchor: string | undefined, ids: Ids): string {
  const id = anchor === undefined ? undefined : ids.get(anchor);
  return id === undefined ? "" : ` id="${id}"`;
}

function textHtml(text: Text, ids: Ids): string {
  return spansOf(text)
    .map((span) => spanHtml(span, ids))
    .join("");
}

function spanHtml({ text, tone, code, to }: Span, ids: Ids): string {
  let html = escaped(text.replaceAll("\n", " "));
  if (code === true) html = `<code>${html}</code>`;
  if (tone !== undefined) html = `<span class="${tone}">${html}</span>`;
  const id = to === undefined ? undefined : ids.get(to);
  return id === undefined ? html : `<a href="#${id}">${html}</a>`;
}

function tableHtml(head: readonly string[], rows: readonly (readonly Text[])[], ids: Ids): string {
  return `<div class="wide"><table><thead><tr>${head.map((name) => `<th scope="col">${escaped(name)}</th>`).join("")}</tr></thead><tbody>${rows
    .map((row) => `<tr>${head.map((_, at) => cellHtml(row[at] ?? "", ids)).join("")}</tr>`)
    .join("")}</tbody></table></div>`;
}

function cellHtml(text: Text, ids: Ids): string {
  return `<td${/^(\d+|\.)$/.test(wordsOf(text)) ? ' class="number"' : ""}>${textHtml(text, ids)}</td>`;
}

function matrixHtml({ cells }: Extract<Block, { kind: "matrix" }>, ids: Ids): string {
  const sides = ["internal", "external"] as const;
  const rows = sides.map((client) => {
    const seen = sides.map((recipient) => {
      const cell = cells[`${client}-to-${recipient}`];
      const said: Span = { text: cell.seen, tone: cell.tone };
      const span: Span = cell.to === undefined ? said : { ...said, to: cell.to };
      return `<td><small class="faint">rule: ${cell.rule}</small><br>${spanHtml(span, ids)}</td>`;
    });
    return `<tr><th scope="row">${client} client</th>${seen.join("")}</tr>`;
  });
  return `<div class="wide"><table class="matrix"><caption>The rule, and what this run saw of it</caption><thead><tr><td></td>${sides.map((side) => `<th scope="col">to ${side} addresses</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function findingHtml({ finding, anchor }: Extract<Block, { kind: "finding" }>, ids: Ids): string {
  const { severity, tone, says, why, remedy, evidence } = finding;
  return `<article class="finding ${tone}"${idOf(anchor, ids)}><h3><span class="word ${tone}">${escaped(severity)}</span> ${escaped(says)}</h3><p>${escaped(why)}</p>${
    remedy === "" ? "" : `<p><b>Do:</b> ${escaped(remedy)}</p>`
  }${evidence.length === 0 ? "" : `<p class="faint">Evidence: ${evidence.map((span) => spanHtml(span, ids)).join(", ")}</p>`}</article>`;
}

/** Cells in a row of the picture, and the length of a side. */
const cellSide = 3;

/** A picture of its own (SVG 1.1): a row of cells for each 256, one rectangle a run, each with its words. */
function mapHtml({ title, legend, rows, columns }: Extract<Block, { kind: "map" }>, ids: Ids): string {
  const label = columns === undefined ? 130 : 260;
  // Where each cell has a name, one wants to point at it.
  const side = columns === undefined ? cellSide : cellSide * 4;
  const widest = Math.max(...rows.map(({ runs }) => runs.reduce((sum, [, count]) => sum + count, 0)), 1);
  // A single row of small cells is hard to see.
  const height = columns !== undefined || rows.length < 8 ? cellSide * 4 : cellSide;
  const shapes = rows.map(({ label: first, runs }, row) => {
    let at = 0;
    const cells = (columns === undefined ? runs : singly(runs)).map(([kind, count]) => {
      const shape = `<rect x="${label + at * side}" y="${row * height}" width="${count * side}" height="${height}" class="map-${legend[kind]?.tone ?? "faint"}${legend[kind]?.quiet === true ? " quiet" : ""}"><title>${escaped(`${first} ${columns === undefined ? `+${at}` : (columns[at] ?? "")}: ${legend[kind]?.name ?? ""}${count > 1 ? ` × ${count}` : ""}`)}</title></rect>`;
      at += count;
      return shape;
    });
    const every = Math.max(1, Math.ceil(12 / height));
    const text = row % every === 0 ? `<text x="0" y="${row * height + 9}">${escaped(first)}</text>` : "";
    return text + cells.join("");
  });
  const used = new Set(rows.flatMap(({ runs }) => runs.map(([kind]) => kind)));
  const words = legend
    .filter((_, kind) => used.has(kind))
    .map(({ name, tone, quiet }) => `<span class="key map-${tone}${quiet ? " quiet" : ""}"></span> ${escaped(name)}`);
  const total = rows.length * height + 4;
  return `<figure class="map"><figcaption>${textHtml(title, ids)}</figcaption><div class="wide"><svg xmlns="http://www.w3.org/2000/svg" role="img" width="${label + widest * side}" height="${total}" viewBox="0 0 ${label + widest * side} ${total}">${shapes.join("")}</svg></div><p class="faint">${words.join(" &nbsp; ")}</p></figure>`;
}

/** Each cell on its own. */
function singly(runs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  return runs.flatMap(([kind, count]) => Array.from({ length: count }, () => [kind, 1] as const));
}

function transcriptLine(line: string): string {
  const side = { S: "server", C: "client", "*": "note" }[line.charAt(0)];
  return side === undefined ? escaped(line) : `<span class="${side}">${escaped(line)}</span>`;
}

// Every pair of ink and ground below has a contrast of 4.5:1 or more, in both schemes.
const css = `:root { color-scheme: light dark; --page: #fff; --ink: #1a1a1a; --faint: #595959; --line: #ccc; --panel: #f5f5f2; --bad: #b00020; --doubtful: #855600; --good: #1b6e34; --link: #0b57a4; }
@media screen and (prefers-color-scheme: dark) { :root { --page: #16181b; --ink: #e6e6e3; --faint: #a6a6a2; --line: #44474c; --panel: #202327; --bad: #ff7a86; --doubtful: #f0b54a; --good: #6fce8b; --link: #86bdf5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
section + section { border-top: 2px solid var(--line); margin-top: 3rem; padding-top: 1.5rem; }
h1 { font-size: 1.4rem; margin: 1.8rem 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0 0 .3rem; }
p { margin: .6rem 0; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
:target { outline: 2px solid var(--link); outline-offset: 4px; }
code, pre { font: .88em/1.45 ui-monospace, monospace; }
pre { background: var(--panel); padding: .7rem; overflow-x: auto; white-space: pre-wrap; }
.word { font-weight: 700; text-transform: uppercase; font-size: .82em; letter-spacing: .03em; }
.bad { color: var(--bad); } .doubtful { color: var(--doubtful); } .good { color: var(--good); } .strong { font-weight: 700; } .faint { color: var(--faint); }
td .bad, td .doubtful, td .good { font-weight: 600; }
.banner { border: 1px solid currentColor; border-left-width: .5rem; background: var(--panel); padding: .8rem 1rem; }
.banner h1 { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .4rem 1rem; margin: 0; }
.banner .word { padding: .15em .6em; border-radius: .2em; background: var(--faint); color: var(--page); font-size: 1.4rem; white-space: nowrap; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.banner.bad .word { background: var(--bad); } .banner.doubtful .word { background: var(--doubtful); } .banner.good .word { background: var(--good); }
.banner h1, .banner p, .finding p, .finding h3 { color: var(--ink); }
.finding .word.bad { color: var(--bad); } .finding .word.doubtful { color: var(--doubtful); } .finding .word.faint, .finding p.faint { color: var(--faint); }
.banner p { margin: .5rem 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: normal; } th { background: var(--panel); }
td:last-child:not(.number) { overflow-wrap: anywhere; min-width: 7rem; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.matrix caption { text-align: left; color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--faint); } dd { margin: 0; }
.map { margin: 1rem 0; } .map text { font: 10px ui-monospace, monospace; fill: var(--faint); } .map-bad { fill: var(--bad); background: var(--bad); } .map-good { fill: var(--good); background: var(--good); } .map-doubtful { fill: var(--doubtful); background: var(--doubtful); } .map-strong { fill: var(--ink); background: var(--ink); } .map-faint { fill: var(--faint); background: var(--faint); } .quiet { opacity: .25; } .key { display: inline-block; width: .8em; height: .8em; vertical-align: baseline; print-color-adjust: exact; }
.events { list-style: none; padding: 0; } .events li { margin: .7rem 0; } .events li div { margin-left: 1.5rem; }
.finding { border-left: .25rem solid currentColor; padding: .2rem 0 .2rem .8rem; margin: 1rem 0; }
details { border-top: 1px solid var(--line); } summary { cursor: pointer; padding: .45rem 0; } details > div { padding: 0 0 .8rem 1rem; }
.client { color: var(--link); } .note { color: var(--faint); }
@media (max-width: 40rem) { main { padding: .6rem; } th, td { padding: .2rem .25rem; font-size: .8rem; } dl { gap: .2rem .6rem; } .events li div { margin-left: .8rem; } details > div { padding-left: .3rem; } section + section { margin-top: 2rem; } }
@page { margin: 15mm; }
@media print { :root { font-size: 11px; } body { font-size: 1rem; } main { max-width: none; padding: 0; } h2, h3, summary { break-after: avoid; } details::details-content { content-visibility: visible; block-size: auto; } .finding, .banner, tr, li, dl { break-inside: avoid; } section + section { break-before: page; border: 0; } a { color: inherit; } }`;
