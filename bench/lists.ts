/**
 * 60 lists and 100 addresses, asked of a real rbldnsd on loopback: the check of lists beside a loop that only resolves
 * the same names, as many at once. Then with three of the lists dead, behind a resolver that hears nothing of them.
 *
 *     node bench/lists.ts
 */
import { Resolver as NodeResolver } from "node:dns/promises";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { shippedTexts } from "../docs/generate-probes.ts";
import { systemClock, systemRandom } from "../src/io/clock.ts";
import { dnsResolver } from "../src/io/dns.ts";
import { loadCatalogue } from "../src/knowledge/catalogue.ts";
import type { List } from "../src/knowledge/list.ts";
import { checkLists } from "../src/lists/check.ts";
import { AnswerMemory } from "../src/lists/memory.ts";
import { labelsOf, questionName, type Subject, subjectOfAddress } from "../src/lists/question.ts";
import type { ListsDocument } from "../src/lists/result.ts";
import { parseIp } from "../src/net/ip.ts";
import { startRbldnsd } from "../test/lists/rbldnsd.ts";
import { startResolver } from "../test/lists/resolver.ts";

const outstanding = 100;
const rounds = 5;

function subjects(): readonly Subject[] {
  return Array.from({ length: 100 }, (_, at) => {
    const read = parseIp(`198.51.100.${at + 1}`);
    if (!read.ok) throw new Error(read.expected);
    return subjectOfAddress(read.value);
  });
}

function lists(): readonly List[] {
  const read = loadCatalogue(shippedTexts());
  const model = read.ok ? read.catalogue.lists.find(({ id }) => id === "spamcop") : undefined;
  if (model === undefined) throw new Error("the catalogue is damaged");
  return Array.from({ length: 60 }, (_, at) => ({
    ...model,
    id: `list-${at}`,
    zones: [{ zone: `bl.list${at}.example`, subjects: ["ip4"] }],
  }));
}

/** What anyone would write: resolve every name, so many at once. */
async function rawLoop(server: string, names: readonly string[]): Promise<number> {
  const resolver = new NodeResolver({ timeout: 834, tries: 2 });
  resolver.setServers([server]);
  let next = 0;
  let listed = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++)
      await resolver.resolve4(names[at] ?? "").then(
        () => {
          listed += 1;
        },
        () => {},
      );
  };
  await Promise.all(Array.from({ length: outstanding }, worker));
  return listed;
}

async function ours(server: string, asked: readonly List[], about: readonly Subject[]): Promise<ListsDocument> {
  for await (const event of checkLists(
    {
      subjects: about.map((subject) => ({ subject, mailer: null })),
      lists: asked,
      catalogue: asked,
      keys: new Map(),
      servers: [server],
    },
    {
      resolver: dnsResolver([server], { timeoutMs: 834, tries: 2 }),
      clock: systemClock,
      random: systemRandom,
      memory: new AnswerMemory(systemClock),
    },
    new AbortController().signal,
  ))
    if (event.kind === "result") return event.result;
  throw new Error("no result");
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}

const median = (all: readonly number[]): number => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

if (!isMainThread) {
  // The resolver that three lists are dead behind, in a thread of its own.
  const { port, dead } = workerData as { readonly port: number; readonly dead: readonly string[] };
  const zones = Object.fromEntries(dead.map((zone) => [zone, { kind: "silent" } as const]));
  const resolver = await startResolver({ zones, elsewhere: { kind: "hand-on", port } });
  parentPort?.postMessage(resolver.address);
} else {
  const all = lists();
  const about = subjects();
  const zones = all.flatMap(({ zones: of }) => of.map(({ zone }) => zone));
  await using rbldnsd = await startRbldnsd(
    zones.map((zone) => ({ zone, type: "ip4set", data: ":127.0.0.2:Listed\n127.0.0.2\n198.51.100.7\n" })),
  );
  const direct = `127.0.0.1:${rbldnsd.port}`;
  const names = zones.flatMap((zone) => about.map((subject) => questionName(labelsOf(subject), zone) ?? ""));
  const worker = new Worker(new URL(import.meta.url), { workerData: { port: rbldnsd.port, dead: zones.slice(0, 3) } });
  const [behind] = (await once(worker, "message")) as [string];
  console.log(
    `60 lists × 100 addresses, median of ${rounds} runs, in turn; ours also tests each list, and asks for texts`,
  );
  for (const [title, server] of [
    ["all lists alive", direct],
    ["3 lists dead", behind],
  ] as const) {
    const raw: number[] = [];
    const mine: number[] = [];
    let said = "";
    for (let round = 0; round < rounds; round += 1) {
      const loop = await timed(() => rawLoop(server, names));
      const check = await timed(() => ours(server, all, about));
      raw.push(loop.ms);
      mine.push(check.ms);
      const found = check.value.subjects.reduce((sum, { listings }) => sum + listings.length, 0);
      const told = check.value.subjects.reduce((sum, { unknown }) => sum + unknown.length, 0);
      said = `loop: ${loop.value} listings; ours: ${found} listings, ${told} unknown, ${check.value.questions} questions`;
    }
    const [a, b] = [median(raw), median(mine)];
    console.log(
      `${title.padEnd(16)} loop ${(a / 1000).toFixed(2)} s   ours ${(b / 1000).toFixed(2)} s   ratio ${(b / a).toFixed(2)}   (${said})`,
    );
  }
  await worker.terminate();
}
