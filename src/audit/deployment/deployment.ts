/**
 * What surrounds a mailer, read out of a snapshot: a compose file with the engine's `daemon.json`, Kubernetes manifests,
 * the configuration of HAProxy and of nginx's streams; several of them together make one deployment.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../ports.ts";
import type { Unknown } from "../rules.ts";
import { type Arrival, type Deployment, type Door, notAtAll } from "./arrival.ts";
import { type Compose, type ComposeService, readCompose } from "./compose.ts";
import { doorsTo } from "./compose-doors.ts";
import { type DockerDaemon, readDaemon } from "./docker-daemon.ts";
import { doorOfProxy, type ProxiedPort } from "./front.ts";
import { looksLikeHaproxy, readHaproxy } from "./haproxy.ts";
import { isProxyImage, mailerImage, stackFronts } from "./images.ts";
import { doorsOfManifests, readManifests } from "./kubernetes.ts";
import { looksLikeNginx, readNginx } from "./nginx.ts";

/** The deployment that the files describe; `null`: they describe none. */
export function readDeployment(tree: ConfigTree): Deployment | null {
  const compose = readCompose(tree);
  const manifests = readManifests(tree);
  const proxies = proxiesIn(tree);
  if (compose === null && manifests === null && proxies.ports.length === 0) return null;
  const daemon = readDaemon(tree);
  const services = compose === null ? [] : servicesOf(compose, daemon);
  const inner = services.flatMap(({ doors }) => doors);
  const pods = manifests === null ? [] : doorsOfManifests(manifests);
  const fronts = compose === null ? [] : [...compose.services.values()].filter(isUnknownFront);
  const proxied = proxies.ports.map((port) => behind(doorOfProxy(port), fronts, inner, compose, daemon));
  const knowsMailer = services.some(({ known }) => known);
  return {
    doors: [...inner, ...pods, ...proxied, ...unreadFronts(fronts, proxies.ports, compose, daemon)],
    others: knowsMailer ? "shut" : compose !== null || manifests !== null ? "shut-if-any-is-open" : "unknown",
    files: [
      ...(compose?.files ?? []),
      ...(compose !== null && daemon.file !== null ? [daemon.file] : []),
      ...(manifests?.files ?? []),
      ...proxies.files,
    ],
    unreadable: unreadableIn(tree),
  };
}

/** A proxy that no stack brings along. */
function isUnknownFront({ image }: ComposeService): boolean {
  return image !== null && isProxyImage(image) && !Object.values(stackFronts).some((front) => front.image.test(image));
}

interface Served {
  readonly doors: readonly Door[];
  /** It runs an image that is known as a mailer. */
  readonly known: boolean;
}

/** The services that may be the mailer: those whose image is known as one, else all but proxies. */
function servicesOf(compose: Compose, daemon: DockerDaemon): readonly Served[] {
  const all = [...compose.services.values()];
  const mailers = all.filter(({ image }) => image !== null && mailerImage(image) !== null);
  if (mailers.length === 0)
    return all
      .filter(({ image }) => !isProxyImage(image ?? ""))
      .map((service) => ({ doors: doorsTo(service, compose, daemon), known: false }));
  return mailers.map((service) => {
    const stack = mailerImage(service.image ?? "");
    const front = stack === null ? undefined : stackFronts[stack];
    const before = front === undefined ? [] : all.filter(({ image }) => front.image.test(image ?? ""));
    return {
      known: true,
      doors: [
        ...doorsTo(service, compose, daemon),
        ...before.flatMap((one) =>
          doorsTo(one, compose, daemon).flatMap((door) => {
            const port = door.port === null ? null : front?.hands.get(door.port);
            return port === undefined
              ? []
              : [{ ...door, port, mailer: service.name, front: one.name, ownNetwork: true }];
          }),
        ),
      ],
    };
  });
}

/**
 * A proxied port as strangers come to it: where the proxy is a container itself, what its own door does to them comes
 * first; where the port it hands to is published by a container, the container's port is meant.
 */
function behind(
  door: Door,
  fronts: readonly ComposeService[],
  inner: readonly Door[],
  compose: Compose | null,
  daemon: DockerDaemon,
): Door {
  const own = inner.find(({ published, port }) => published === door.port && port !== door.port);
  const port = own?.port ?? door.port;
  if (compose === null || fronts.length === 0) return { ...door, port };
  const outer = fronts
    .flatMap((one) => doorsTo(one, compose, daemon))
    .filter((one) => one.port === null || one.port === door.published);
  const through = (family: 4 | 6): Arrival => {
    const mine = door.arrives[family];
    const first = outer.map(({ arrives }) => arrives[family]).find(({ kind }) => kind !== "not-at-all");
    if (first === undefined) return notAtAll;
    // Over the container's network a client of either family may come as one of the other.
    const handed = mine.kind === "not-at-all" ? door.arrives[4] : mine;
    if (handed.kind === "rewritten" || handed.kind === "not-at-all") return handed;
    return first.kind === "itself" ? handed : first;
  };
  const where = outer.find(({ arrives }) => arrives[6].kind === "rewritten")?.where ?? door.where;
  return { ...door, port, arrives: { 4: through(4), 6: through(6) }, where };
}

const mailPorts: readonly number[] = [25, 465, 587, 2525];

/** Containers of proxies whose own configuration is not here: what they publish may go to the mailer. */
function unreadFronts(
  fronts: readonly ComposeService[],
  ports: readonly ProxiedPort[],
  compose: Compose | null,
  daemon: DockerDaemon,
): readonly Door[] {
  if (compose === null) return [];
  const told = new Set(ports.map(({ listens }) => listens.port));
  return fronts.flatMap((front) =>
    doorsTo(front, compose, daemon)
      .filter(({ port }) => (port === null ? told.size === 0 : mailPorts.includes(port) && !told.has(port)))
      .map((door): Door => {
        const because: Unknown = {
          unknown: `how the proxy "${front.name}" hands connections on, whose configuration is not among the files`,
          where: door.where,
        };
        const arrives = (family: 4 | 6): Arrival =>
          door.arrives[family].kind === "not-at-all" ? notAtAll : { kind: "unknown", because };
        return { ...door, mailer: null, front: front.name, arrives: { 4: arrives(4), 6: arrives(6) } };
      }),
  );
}

function proxiesIn(tree: ConfigTree): { readonly files: readonly string[]; readonly ports: readonly ProxiedPort[] } {
  const files: string[] = [];
  const ports: ProxiedPort[] = [];
  for (const [path, file] of tree.files) {
    if (
      file.kind !== "text" ||
      file.text.length > 2_000_000 ||
      !/\.(cfg|conf)$|haproxy|nginx/i.test(posix.basename(path))
    )
      continue;
    const found = looksLikeNginx(file.text)
      ? readNginx(path, file.text)
      : looksLikeHaproxy(file.text)
        ? readHaproxy(path, file.text)
        : [];
    if (found.length === 0) continue;
    files.push(path);
    ports.push(...found);
  }
  return { files, ports: ports.slice(0, 500) };
}

/** Files that by their names describe a deployment, and cannot be read. */
function unreadableIn(tree: ConfigTree): readonly Unknown[] {
  return [...tree.files].flatMap(([path, file]): readonly Unknown[] =>
    file.kind !== "text" && /^((docker-)?compose[\w.-]*\.ya?ml|daemon\.json|haproxy\.cfg)$/i.test(posix.basename(path))
      ? [{ unknown: `${path}, which cannot be read (${file.kind})`, where: null }]
      : [],
  );
}
