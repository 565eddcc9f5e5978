/** Someone who answers for networks publishes the relays that were proved open in them. */
import { parse } from "yaml";
import { type TargetResult, targetResultSchema } from "../check/result.ts";
import { declarationSchema } from "../lists/publish/declaration.ts";
import { type Judgement, judgeListings, type Tested } from "../lists/publish/judge.ts";
import { masterFile, type Pieces, rbldnsdIp4, rbldnsdIp6 } from "../lists/publish/zone.ts";
import { type IpAddress, parseIp } from "../net/ip.ts";
import type { Store } from "../store/store.ts";
import { DataError } from "./errors.ts";

export interface Publication {
  readonly zone: string;
  readonly judgements: readonly Judgement[];
  /** Name of a file, and what to write into it. */
  readonly files: readonly { readonly name: string; readonly pieces: Pieces }[];
}

/** Runs looked through, newest first. */
const maxRuns = 10_000;

/** Throws `DataError` for a declaration that cannot be read. */
export async function publicationOf(declarationText: string, store: Store, now: Date): Promise<Publication> {
  const declaration = declarationOf(declarationText);
  const judgements = judgeListings(await testsIn(store), declaration, now.getTime());
  const addresses = judgements.flatMap((one): readonly IpAddress[] => {
    const parsed = one.kind === "listed" ? parseIp(one.address) : null;
    return parsed?.ok === true ? [parsed.value] : [];
  });
  const { zone, nameServers, page, ttl, authority } = declaration;
  const head = { zone, nameServers, page, ttl, contact: authority.contact, serial: Math.floor(now.getTime() / 1000) };
  return {
    zone,
    judgements,
    files: [
      { name: `${zone}.zone`, pieces: masterFile(head, addresses) },
      { name: `${zone}.ip4set`, pieces: rbldnsdIp4(head, addresses) },
      { name: `${zone}.ip6trie`, pieces: rbldnsdIp6(head, addresses) },
    ],
  };
}

function declarationOf(text: string) {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new DataError(`The declaration is no YAML: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const read = declarationSchema.safeParse(value);
  if (read.success) return read.data;
  throw new DataError(
    read.error.issues.map(({ path, message }) => `The declaration: ${path.join(".") || "it"}: ${message}.`).join("\n"),
  );
}

async function testsIn(store: Store): Promise<readonly Tested[]> {
  const tests: Tested[] = [];
  for (const run of await store.runs.list(maxRuns)) {
    if (run.tool !== "check") continue;
    for (const { result } of await store.runs.targetsOf(run.id)) {
      const read = targetResultSchema.safeParse(JSON.parse(result));
      if (read.success) tests.push(testedOf(read.data));
    }
  }
  return tests;
}

function testedOf({ target, finishedAt, verdict, vantage, practice, probes, ended }: TargetResult): Tested {
  return {
    address: target.address,
    port: target.port,
    at: Date.parse(finishedAt),
    verdict: ended === "finished" || verdict === "open" ? verdict : "inconclusive",
    counts: vantage === "external" && !practice,
    proved: probes.filter(({ outcome, proof }) => outcome === "relayed" && proof !== null).map(({ id }) => id),
    refused: probes.filter(({ outcome }) => outcome === "refused" || outcome === "bounced").map(({ id }) => id),
  };
}
