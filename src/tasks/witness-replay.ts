/** Witnesses of an audit, to be replayed by a check: read from a file, and made into probes. */
import { auditDocumentSchema } from "../audit/result.ts";
import { witnessProbe } from "../check/witness-probe.ts";
import type { Probe } from "../knowledge/probe.ts";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import { parseWitness, type Witness } from "../witness/witness.ts";
import { DataError, UsageError } from "./errors.ts";

/** More than anyone reads; each costs a session and perhaps a message. */
const maxWitnesses = 50;

/**
 * @param text one witness, or the document of `fencepost audit --json`, of which all are taken
 * @param file its name, for messages. Throws `DataError`.
 */
export function readWitnesses(text: string, file: string): readonly Witness[] {
  const document = documentIn(text);
  if (document === null) {
    const read = parseWitness(text);
    if (!read.ok) throw new DataError(`${file}: ${read.expected}.`);
    return [read.value];
  }
  const found = document.results.flatMap(({ findings }) => findings.flatMap(({ witness }) => witness ?? []));
  const distinct = [...new Map(found.map((witness) => [JSON.stringify(witness), witness])).values()];
  if (distinct.length === 0)
    throw new DataError(`${file}: this audit found no witness, so there is nothing to replay.`);
  return distinct.slice(0, maxWitnesses);
}

function documentIn(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const read = auditDocumentSchema.safeParse(value);
  return read.success ? read.data : null;
}

/** As so many clients a run is played without being told which. */
const maxClients = 4;

export interface Replay {
  readonly probes: readonly Probe[];
  readonly sources: readonly IpAddress[];
}

/**
 * The probes, and where they have to come from. A witness that cannot be replayed from here is told and left out.
 * Throws `UsageError` if none is left.
 */
export function replayOf(
  witnesses: readonly Witness[],
  sources: readonly IpAddress[],
  tell: (text: string) => void,
): Replay {
  const wanted = [...new Set(witnesses.flatMap(({ client }) => client.address ?? []))];
  // A session that only one client may have is played as that client: where we do not have its address, dialling says so.
  const own = sources.map(formatIp);
  const only =
    own.length === 0 && wanted.length <= maxClients && witnesses.every(({ client }) => client.address !== null);
  const from = only ? wanted : own;
  const probes: Probe[] = [];
  for (const [index, witness] of witnesses.entries()) {
    const { address } = witness.client;
    const made = witnessProbe(witness, index + 1);
    if (!made.ok) tell(`Witness ${index + 1} is not replayed: ${made.reason}.`);
    else if (address !== null && !from.includes(address))
      tell(
        `Witness ${index + 1} is not replayed: it connects from ${address}. Test from there, with --source ${address}.`,
      );
    else probes.push(made.probe);
  }
  if (probes.length === 0) throw new UsageError("no witness in the file can be replayed from here.");
  return {
    probes,
    sources: from.flatMap((text) => {
      const parsed = parseIp(text);
      return parsed.ok ? [parsed.value] : [];
    }),
  };
}
