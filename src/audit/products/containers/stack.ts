/** What a stack of containers is asked for: the Postfix configuration that its mailer will have. */
import { posix } from "node:path";
import { formatIp } from "../../../net/ip.ts";
import type { IpSet } from "../../../net/ip-set.ts";
import type { ConfigTree } from "../../../ports.ts";
import { type Compose, type ComposeService, missingEnvFile } from "../../deployment/compose.ts";
import { interfaceNetworks } from "../../deployment/compose-doors.ts";
import type { DockerDaemon } from "../../deployment/docker-daemon.ts";
import type { Variable } from "../../deployment/variables.ts";
import { parseMainCf } from "../postfix/main-cf.ts";
import { linesOf, type MadeLine, type Rendered } from "./rendered.ts";

export interface StackInput {
  readonly service: ComposeService;
  readonly compose: Compose;
  readonly daemon: DockerDaemon;
  readonly tree: ConfigTree;
}

export type Stack = (input: StackInput) => Rendered;

export const nothingRendered: Rendered = {
  main: [],
  master: [],
  mounted: new Map(),
  version: null,
  caveats: [],
  assumes: [],
  unreadable: [],
};

/** A variable of the container; `null`: not set. Where one of its files is missing, it may be set there. */
export function variableOf({ service }: StackInput, name: string): Variable | null {
  return service.environment.get(name) ?? service.environment.get(missingEnvFile) ?? null;
}

/** Its value; `null` also where nobody tells it. */
export function settingOf(input: StackInput, name: string): string | null {
  return variableOf(input, name)?.value ?? null;
}

/** A text file of the container's: through a mount, or where the stack keeps it by its own documents. */
export function containerFile(
  { service, compose, tree }: StackInput,
  target: string,
  usual: readonly string[],
): { readonly path: string; readonly text: string } | null {
  const mounted = [...service.mounts].flatMap(([at, source]) => {
    const inside = posix.relative(at, target);
    return inside.startsWith("..") ? [] : [posix.join(source, inside)];
  });
  for (const path of [...mounted, ...usual.map((one) => posix.join(compose.folder, one))]) {
    const file = tree.files.get(path);
    if (file?.kind === "text") return { path, text: file.text };
  }
  return null;
}

/** All text files in a folder of the container, by their path there. */
export function containerFolder(
  { service, compose, tree }: StackInput,
  target: string,
  usual: string,
): ReadonlyMap<string, { readonly path: string; readonly text: string }> {
  const folder = service.mounts.get(target) ?? posix.join(compose.folder, usual);
  const known = [...tree.files.keys()].some((path) => path.startsWith(`${folder}/`));
  const from = known ? folder : posix.join(compose.folder, usual);
  return new Map(
    [...tree.files].flatMap(([path, file]): [string, { path: string; text: string }][] =>
      file.kind === "text" && path.startsWith(`${from}/`)
        ? [[posix.join(target, posix.relative(from, path)), { path, text: file.text }]]
        : [],
    ),
  );
}

/** Lines of a file of overrides, without comments. */
export function overrideLines(file: { readonly path: string; readonly text: string } | null): readonly MadeLine[] {
  return file === null ? [] : linesOf(file.path, file.text).filter(({ text }) => !/^\s*(#|$)/.test(text));
}

/**
 * `mynetworks_style = subnet` written out: Postfix trusts the networks of its interfaces, and the compose file tells
 * which those are. Left as it is where the container has the machine's own interfaces.
 */
export function withOwnNetworks(main: readonly MadeLine[], input: StackInput): readonly MadeLine[] {
  const { settings } = parseMainCf("main.cf", main.map(({ text }) => text).join("\n"));
  const style = settings.get("mynetworks_style");
  if (settings.has("mynetworks") || style?.value !== "subnet") return main;
  const own = interfaceNetworks(input.service, input.compose, input.daemon);
  if (own === null) return main;
  const where = main[style.where.start.line - 1]?.where ?? null;
  return [...main, { text: `mynetworks = 127.0.0.0/8 [::1]/128 ${networkList(own)}`, where }];
}

/** Networks as `mynetworks` writes them. */
export function networkList(set: IpSet): string {
  return set
    .toPrefixes()
    .map(({ address, length }) =>
      address.family === 4 ? `${formatIp(address)}/${length}` : `[${formatIp(address)}]/${length}`,
    )
    .join(" ");
}
