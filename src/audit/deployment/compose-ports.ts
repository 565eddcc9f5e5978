/**
 * `ports` of a compose service in both syntaxes: `[HOST:][PORT:]CONTAINER[/PROTOCOL]` and the mapping with `target`,
 * `published`, `host_ip`, `mode` (docs.docker.com, "Services top-level elements: ports").
 */
import { type IpAddress, parseIp } from "../../net/ip.ts";
import type { Span } from "../../text/source.ts";
import type { Unknown } from "../rules.ts";
import { at, itemsOf, type Located } from "./yaml.ts";

export interface PublishedPort {
  readonly target: number;
  /** `null`: one that the engine chooses. */
  readonly published: number | null;
  /** `null`: all addresses of the machine. */
  readonly host: IpAddress | null;
  /** As the long syntax says. */
  readonly mode: "ingress" | "host" | null;
  readonly where: Span;
}

const maxRange = 1000;

/** The published TCP ports, and what of them could not be read. */
export function readPorts(
  list: Located | undefined,
  told: (value: Located | undefined) => string | null,
): readonly (PublishedPort | Unknown)[] {
  return itemsOf(list).flatMap((item): readonly (PublishedPort | Unknown)[] => {
    const unknown: Unknown = { unknown: "a published port that a variable decides", where: item.where };
    if (item.kind === "map") {
      if ((told(at(item, "protocol")) ?? "tcp") !== "tcp") return [];
      const host = told(at(item, "host_ip"));
      const mode = told(at(item, "mode"));
      const target = told(at(item, "target"));
      if (target === null) return [unknown];
      const published = at(item, "published") === undefined ? "" : told(at(item, "published"));
      if (published === null) return [unknown];
      return pairs(target, published, host, mode === "host" || mode === "ingress" ? mode : null, item.where);
    }
    const text = told(item);
    if (text === null || text.length > 200) return [unknown];
    const [spec = "", protocol = "tcp"] = text.split("/");
    if (protocol !== "tcp") return [];
    const parts =
      /^(?:(?:\[([^\]]*)\]|([^:[\]]*)|((?:[0-9a-fA-F]*:){2,}[0-9a-fA-F.]*)):)?(?:([0-9-]*):)?([0-9-]+)$/.exec(spec);
    if (parts === null) return [{ unknown: `the published port "${text.slice(0, 60)}"`, where: item.where }];
    let [, bracketed, plain, six, published = "", target = ""] = parts;
    // `25:25` is two ports; a host needs three parts.
    if (published === "" && bracketed === undefined && six === undefined && /^[0-9-]+$/.test(plain ?? "")) {
      published = plain ?? "";
      plain = undefined;
    }
    return pairs(target, published, bracketed ?? six ?? plain ?? null, null, item.where);
  });
}

function pairs(
  target: string,
  published: string,
  hostText: string | null,
  mode: PublishedPort["mode"],
  where: Span,
): readonly (PublishedPort | Unknown)[] {
  const targets = rangeOf(target);
  const outer = published === "" ? null : rangeOf(published);
  const host = hostText === null || hostText === "" ? null : parseIp(hostText === "localhost" ? "127.0.0.1" : hostText);
  if (targets === null || (published !== "" && outer === null) || host?.ok === false)
    return [{ unknown: `the published port "${where.text.slice(0, 60)}"`, where }];
  return targets.map((one, index) => ({
    target: one,
    published: outer === null ? null : (outer[index] ?? outer[0] ?? null),
    host: host === null ? null : host.value,
    mode,
    where,
  }));
}

function rangeOf(text: string): readonly number[] | null {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!(first >= 1 && last <= 65535 && last >= first && last - first <= maxRange)) return null;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
