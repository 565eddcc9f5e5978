/** A deployment that hides strangers from the mailer, in words; and the line that mends it, where one does. */
import { formatIp } from "../../net/ip.ts";
import type { ConfigTree } from "../../ports.ts";
import type { Hole } from "../hole.ts";
import { decidingRule } from "../holes.ts";
import type { Explained, FileEdit } from "../product.ts";
import { describeDoor } from "./approach.ts";
import type { Disguise } from "./disguise.ts";

/** The finding for a hole in which a stranger looks like somebody who is trusted. */
export function explainDisguise(hole: Hole, { real, way, because }: Disguise): Explained {
  const { listener, session, certainty } = hole;
  const seen = formatIp(session.client.address);
  const { door, family } = way;
  const rule = decidingRule(hole)?.rule ?? "";
  const may = certainty === "open" ? "" : " may";
  return {
    tag: "DEPLOY_HIDES_CLIENT",
    severity: ({ open: "critical", conditional: "high", unknown: "medium" } as const)[certainty],
    says: `${listener.name} (port ${listener.port}): a stranger who connects over IPv${family}, such as ${formatIp(real)}, comes through ${describeDoor(door)} and${may} appear${certainty === "open" ? "s" : ""} as ${seen}${hole.kind === "impersonation" ? ", whose word about the client is believed" : certainty === "unknown" ? ", and whether that may send anywhere cannot be told" : ", which may send anywhere"}.`,
    why: `${because.charAt(0).toUpperCase()}${because.slice(1)}.${rule === "" ? "" : ` The mailer's rule "${rule}" trusts the address that it sees.`}`,
    remedy: remedyFor(hole),
    where: door.where,
  };
}

/** A hole of another kind that only those find who come through this door. */
export function withDisguise(explained: Explained, hole: Hole, { way }: Disguise): Explained {
  const seen = formatIp(hole.session.client.address);
  return {
    ...explained,
    says: `${explained.says} It takes a client that appears as ${seen}, as strangers over IPv${way.family} do through ${describeDoor(way.door)}.`,
    remedy: `${explained.remedy} ${remedyFor(hole)}`,
  };
}

function remedyFor({ disguise, listener }: Hole): string {
  const door = disguise?.way.door;
  if (door?.front != null && door.mailer === null)
    return `Let ${door.front} put a PROXY header before each connection and the mailer read it, on a port that nobody else reaches; or do not trust the address of ${door.front}.`;
  if (disguise?.way.family === 6)
    return `Publish the port for IPv4 alone${door?.front == null ? ` ("0.0.0.0:${door?.published ?? listener.port}:${door?.port ?? listener.port}")` : ""}, or give the container's network IPv6 (enable_ipv6: true, with ip6tables in the engine), or set "userland-proxy": false in daemon.json; and trust no address of the container network.`;
  return "Let the client's address reach the mailer (externalTrafficPolicy: Local, mode: host, a PROXY header), or trust no address of the network in between.";
}

/** Edits of the deployment's own files that keep strangers apart from those who are trusted. */
export function repairsOfDisguise(hole: Hole, tree: ConfigTree): readonly (readonly FileEdit[])[] {
  const { disguise } = hole;
  const where = disguise?.way.door.where ?? null;
  const file = where === null ? undefined : tree.files.get(where.file);
  if (disguise === null || where === null || file?.kind !== "text" || where.start.line !== where.end.line) return [];
  const line = file.text.split("\n")[where.start.line - 1] ?? "";
  const six = disguise.way.family === 6;
  // A published port without an address is open for both families: for IPv4 alone it is what it was.
  const bare = /^(\s*-\s*["']?)(?:\[::\]:)?((?:\$\{[^}"']*\}|\$\w+|[0-9-]+):[0-9-]+(?:\/tcp)?["']?\s*(?:#.*)?)$/;
  const edits = [
    six ? line.replace(bare, "$10.0.0.0:$2") : line,
    line.replace(/^(\s*externalTrafficPolicy:\s*)["']?Cluster["']?\s*$/, "$1Local"),
    line.replace(/^(\s*mode:\s*)["']?ingress["']?\s*$/, "$1host"),
    // One that is published on an IPv6 address is taken out.
    ...(six && /^\s*-\s*["']?\[[0-9a-fA-F:]+\]:/.test(line) ? [null] : []),
  ];
  return [...new Set(edits)]
    .filter((edit) => edit !== line)
    .map((edit) => [
      { path: where.file, edit: { from: where.start.line, to: where.start.line, with: edit === null ? [] : [edit] } },
    ]);
}
