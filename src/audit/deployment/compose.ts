/**
 * A compose file as services and networks with their places: variables put in, the override file of the same folder
 * laid over it, `extends` within the file followed (docs.docker.com, "Compose file reference"). What is not understood
 * is kept as unknown, never left out silently.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../ports.ts";
import type { Span } from "../../text/source.ts";
import type { Unknown } from "../rules.ts";
import { type PublishedPort, readPorts } from "./compose-ports.ts";
import { interpolate, readEnvFile, type Variable, type Variables } from "./variables.ts";
import { at, entriesOf, flagOf, itemsOf, type Located, textOf, yamlOf } from "./yaml.ts";

export interface ComposeService {
  readonly name: string;
  readonly where: Span;
  /** Variables put in; `null`: built here, or unknown. */
  readonly image: string | null;
  /** `environment` over `env_file`. */
  readonly environment: Variables;
  readonly ports: readonly PublishedPort[];
  /** `host`, `none`, `service:NAME`, …; `null`: networks. */
  readonly networkMode: string | null;
  readonly networks: readonly string[];
  /** Host paths that are mounted, by their path in the container. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Where it starts something else than its image would; `null`: it does not. */
  readonly ownCommand: Span | null;
  /** It is written for a swarm. */
  readonly swarm: boolean;
  /** What could not be read of it and matters to who reaches it. */
  readonly unclear: readonly Unknown[];
}

export interface ComposeNetwork {
  readonly name: string;
  readonly driver: string;
  readonly external: boolean;
  readonly ipv6: boolean;
  readonly subnets: readonly { readonly text: string; readonly gateway: string | null }[];
  readonly options: ReadonlyMap<string, string>;
  readonly where: Span | null;
}

export interface Compose {
  /** The files it was read from, the main one first. */
  readonly files: readonly string[];
  readonly folder: string;
  readonly services: ReadonlyMap<string, ComposeService>;
  readonly networks: ReadonlyMap<string, ComposeNetwork>;
  readonly variables: Variables;
  /** A variable took the default of the compose file, because no file sets it. */
  readonly defaulted: boolean;
}

const maxServices = 300;

/** Compose's own order of names (docs.docker.com, "Compose file"); others count only if they look like one. */
const names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** The compose file in a snapshot, the one nearest the root; `null`: there is none. */
export function readCompose(tree: ConfigTree): Compose | null {
  const candidates = [...tree.files].flatMap(([path, file]) => {
    if (file.kind !== "text" || !/\.ya?ml$/i.test(path)) return [];
    if (/\.override\.ya?ml$/i.test(path) || !/^\uFEFF?["']?services["']?\s*:/m.test(file.text)) return [];
    const known = names.indexOf(posix.basename(path));
    return [{ path, file, rank: path.split("/").length * 10 + (known < 0 ? 9 : known) }];
  });
  candidates.sort((a, b) => a.rank - b.rank);
  for (const { path, file } of candidates.slice(0, 20)) {
    const documents = yamlOf(path, file);
    const main = documents?.[0];
    if (documents?.length !== 1 || at(main, "services")?.kind !== "map") continue;
    return read(path, main as Located, tree); // a first document is there
  }
  return null;
}

function read(path: string, main: Located, tree: ConfigTree): Compose {
  const folder = posix.dirname(path);
  const variables = folderVariables(folder, tree);
  const context: Context = { folder, tree, variables, state: { defaulted: false } };
  const { layers, missing } = layersOf(path, main, variables, tree);
  const roots = layers.map(({ root }) => root);
  const named = (key: string): readonly string[] => [
    ...new Set(roots.flatMap((root) => [...entriesOf(at(root, key)).keys()])),
  ];
  const services = new Map<string, ComposeService>();
  for (const name of named("services").slice(0, maxServices)) {
    const service = serviceOf(
      name,
      roots.flatMap((root) => lineage(name, root, 0)),
      context,
    );
    const unclear = missing.map((file): Unknown => ({ unknown: `what of ${file}, which cannot be read`, where: null }));
    services.set(name, { ...service, unclear: [...service.unclear, ...unclear] });
  }
  const networks = new Map<string, ComposeNetwork>([
    ["default", plainNetwork("default")],
    // The engine's own, for `network_mode: bridge`.
    ["bridge", plainNetwork("bridge")],
  ]);
  for (const name of named("networks")) {
    const parts = roots.flatMap((root) => at(root, "networks", name) ?? []);
    networks.set(name, networkOf(name, parts, context));
  }
  return {
    files: layers.map((layer) => layer.path),
    folder,
    services,
    networks,
    variables,
    defaulted: context.state.defaulted,
  };
}

interface Layer {
  readonly path: string;
  readonly root: Located;
}

/** The files that Compose lays over each other: those of COMPOSE_FILE, else the file and the override beside it. */
function layersOf(
  path: string,
  main: Located,
  variables: Variables,
  tree: ConfigTree,
): { readonly layers: readonly Layer[]; readonly missing: readonly string[] } {
  const folder = posix.dirname(path);
  const listed =
    variables.get("COMPOSE_FILE")?.value?.split(variables.get("COMPOSE_PATH_SEPARATOR")?.value ?? ":") ?? [];
  const bare = posix.join(folder, posix.basename(path).replace(/\.ya?ml$/i, ""));
  const paths =
    listed.length > 0
      ? listed.slice(0, 20).map((name) => posix.join(folder, name.trim()))
      : [path, ...[".override.yaml", ".override.yml"].map((end) => bare + end).filter((one) => tree.files.has(one))];
  const layers: Layer[] = [];
  const missing: string[] = [];
  for (const one of paths) {
    const root = one === path ? main : yamlOf(one, tree.files.get(one))?.[0];
    if (root === undefined) missing.push(one);
    else layers.push({ path: one, root });
  }
  return layers.some((layer) => layer.path === path)
    ? { layers, missing }
    : { layers: [{ path, root: main }, ...layers], missing };
}

interface Context {
  readonly folder: string;
  readonly tree: ConfigTree;
  readonly variables: Variables;
  readonly state: { defaulted: boolean };
}

/** Compose reads `.env` beside the file; mailcow keeps the same variables in `mailcow.conf`. */
function folderVariables(folder: string, tree: ConfigTree): Variables {
  const found = new Map<string, Variable>();
  for (const name of ["mailcow.conf", ".env"]) {
    const path = posix.join(folder, name);
    const file = tree.files.get(path);
    if (file?.kind === "text") for (const [key, value] of readEnvFile(path, file.text, found)) found.set(key, value);
  }
  return found;
}

/** The service's own mapping behind those it extends; the last counts most. */
function lineage(name: string, layer: Located, depth: number): readonly Located[] {
  const own = at(layer, "services", name);
  if (own === undefined) return [];
  const base = at(own, "extends");
  const other = textOf(base) ?? textOf(at(base, "service"));
  if (other === null || at(base, "file") !== undefined || depth > 5) return [own];
  return [...lineage(other, layer, depth + 1), own];
}

/** The text of a scalar with its variables put in. */
function told(value: Located | undefined, context: Context): string | null {
  if (value?.kind !== "scalar") return null;
  const result = interpolate(value.text, context.variables);
  if (result.defaulted) context.state.defaulted = true;
  return result.text;
}

function serviceOf(name: string, parts: readonly Located[], context: Context): ComposeService {
  const last = (key: string): Located | undefined => parts.findLast((part) => at(part, key) !== undefined);
  const value = (key: string): Located | undefined => at(last(key), key);
  const unclear: Unknown[] = [];
  const where = (parts.at(-1) as Located).where; // a service has at least one mapping
  for (const part of parts)
    if (at(part, "extends", "file") !== undefined)
      unclear.push({ unknown: `the service "${name}", which extends one in another file`, where: part.where });
  const networkMode = told(value("network_mode"), context);
  if (value("network_mode") !== undefined && networkMode === null)
    unclear.push({ unknown: `the network_mode of the service "${name}"`, where });
  const ports = parts.flatMap((part) => readPorts(at(part, "ports"), (one) => told(one, context)));
  unclear.push(...ports.flatMap((port) => ("unknown" in port ? [port] : [])));
  const listed = parts.flatMap((part) => {
    const networks = at(part, "networks");
    return networks?.kind === "map"
      ? [...networks.entries.keys()]
      : itemsOf(networks).flatMap((item) => told(item, context) ?? []);
  });
  const deploy = value("deploy");
  return {
    name,
    where,
    image: told(value("image"), context),
    environment: environmentOf(parts, context),
    ports: ports.flatMap((port) => ("unknown" in port ? [] : [port])),
    networkMode,
    networks: networkMode === "bridge" ? ["bridge"] : listed.length === 0 ? ["default"] : [...new Set(listed)],
    mounts: mountsOf(parts, context),
    ownCommand: (value("command") ?? value("entrypoint"))?.where ?? null,
    swarm: ["placement", "mode", "endpoint_mode", "update_config"].some((key) => at(deploy, key) !== undefined),
    unclear,
  };
}

function environmentOf(parts: readonly Located[], context: Context): Variables {
  const found = new Map<string, Variable>();
  const put = (name: string, text: string | null, where: Span): void => {
    found.set(name, { value: text, where });
  };
  for (const part of parts)
    for (const item of itemsOf(at(part, "env_file"))) {
      const path = told(item.kind === "map" ? at(item, "path") : item, context);
      if (path === null) continue;
      const full = posix.join(context.folder, path);
      const file = context.tree.files.get(path.startsWith("/") ? path : full);
      if (file?.kind === "text")
        for (const [name, variable] of readEnvFile(full, file.text, context.variables)) found.set(name, variable);
      // A file that is not here may set anything: `missingEnvFile` says so where a setting is looked for.
      else found.set(missingEnvFile, { value: null, where: item.where });
    }
  for (const part of parts) {
    const environment = at(part, "environment");
    for (const [name, value] of entriesOf(environment)) {
      // A name without a value is passed on from the shell, or from `.env`.
      if (value.kind === "scalar" && value.value === null && value.text === "")
        put(name, context.variables.get(name)?.value ?? null, value.where);
      else put(name, told(value, context), value.where);
    }
    if (environment?.kind === "list")
      for (const item of environment.items) {
        const text = textOf(item) ?? "";
        const equals = text.indexOf("=");
        if (equals < 0) put(text, context.variables.get(text)?.value ?? null, item.where);
        else {
          const result = interpolate(text.slice(equals + 1), context.variables);
          if (result.defaulted) context.state.defaulted = true;
          put(text.slice(0, equals), result.text, item.where);
        }
      }
  }
  return found;
}

/** The name under which an environment remembers that one of its files is not among those at hand. */
export const missingEnvFile = "(a file of env_file that is not here)";

function mountsOf(parts: readonly Located[], context: Context): ReadonlyMap<string, string> {
  const mounts = new Map<string, string>();
  for (const item of parts.flatMap((part) => itemsOf(at(part, "volumes")))) {
    const short = item.kind === "scalar" ? (told(item, context)?.split(":") ?? []) : null;
    const source = short === null ? told(at(item, "source"), context) : (short[0] ?? null);
    const target = short === null ? told(at(item, "target"), context) : (short[1] ?? null);
    if (source === null || target === null || !/^[./~]/.test(source)) continue;
    mounts.set(posix.resolve("/", target), source.startsWith("/") ? source : posix.join(context.folder, source));
  }
  return mounts;
}

const plainNetwork = (name: string): ComposeNetwork => ({
  name,
  driver: "bridge",
  external: false,
  ipv6: false,
  subnets: [],
  options: new Map(),
  where: null,
});

function networkOf(name: string, parts: readonly Located[], context: Context): ComposeNetwork {
  const value = (...keys: readonly string[]): Located | undefined =>
    parts.map((part) => at(part, ...keys)).findLast((one) => one !== undefined);
  const flag = told(value("enable_ipv6"), context)?.toLowerCase();
  const external = value("external");
  return {
    name,
    driver: told(value("driver"), context) ?? "bridge",
    external: external?.kind === "map" || flagOf(external) === true,
    ipv6: flag === "true" || flag === "yes",
    subnets: itemsOf(value("ipam", "config")).flatMap((item) => {
      const text = told(at(item, "subnet"), context);
      return text === null ? [] : [{ text, gateway: told(at(item, "gateway"), context) }];
    }),
    options: new Map(
      parts.flatMap((part) =>
        [...entriesOf(at(part, "driver_opts"))].map(([key, option]): [string, string] => [
          key,
          told(option, context) ?? "",
        ]),
      ),
    ),
    where: parts.at(-1)?.where ?? null,
  };
}
