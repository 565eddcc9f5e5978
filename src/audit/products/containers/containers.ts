/**
 * Stacks of containers whose mailer is Postfix: a compose file that names a known image, its variables and its files of
 * overrides become the main.cf and master.cf that the container writes, and these are read as any other. Follows the
 * stacks' own start scripts and documents; none of it was compared with running containers.
 */
import type { ConfigTree, TreeFile } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import { listenerIn } from "../../deployment/arrival.ts";
import { type Compose, type ComposeService, readCompose } from "../../deployment/compose.ts";
import { type DockerDaemon, readDaemon } from "../../deployment/docker-daemon.ts";
import { mailerImage, type StackName } from "../../deployment/images.ts";
import type { Caveat, Configuration } from "../../rules.ts";
import { readPostfix } from "../postfix/postfix.ts";
import { dockerMailserver } from "./docker-mailserver.ts";
import { mailcow } from "./mailcow.ts";
import { mailu } from "./mailu.ts";
import { anonaddy, boky, catatnight, juanluisbaptiste, loganmarchione, postfixRelay, simplelogin } from "./relays.ts";
import { type Place, relocated } from "./relocate.ts";
import type { MadeLine, Rendered } from "./rendered.ts";
import { type Stack, withOwnNetworks } from "./stack.ts";

const stacks: Readonly<Record<StackName, Stack>> = {
  mailcow,
  Mailu: mailu,
  "docker-mailserver": dockerMailserver,
  "boky/postfix": boky,
  "juanluisbaptiste/postfix": juanluisbaptiste,
  "catatnight/postfix": catatnight,
  "postfix-relay": postfixRelay,
  "loganmarchione/postfixrelay": loganmarchione,
  "addy.io": anonaddy,
  SimpleLogin: simplelogin,
};

/** Where the made files stand, which nobody has. */
const mainCf = "/etc/postfix/main.cf";
const masterCf = "/etc/postfix/master.cf";

/** The mailers of the stacks in a compose file; `null`: no service runs a known image. */
export function readContainers(tree: ConfigTree, version: string | null): Configuration | null {
  const compose = readCompose(tree);
  if (compose === null) return null;
  const daemon = readDaemon(tree);
  const found = [...compose.services.values()].flatMap((service): readonly Mailer[] => {
    const stack = service.image === null ? null : mailerImage(service.image);
    return stack === null ? [] : [{ stack, service }];
  });
  const read = found.slice(0, 20).flatMap((one) => configurationOf(one, compose, daemon, tree, version) ?? []);
  const [first] = read;
  if (first === undefined) return null;
  const unnamed = compose.defaulted ? ["variables that no file sets have the defaults of the compose file"] : [];
  return {
    product: [...new Set(read.map(({ product }) => product))].join(", "),
    version: first.version,
    checkedAgainst: "documents",
    listeners: read.flatMap(({ listeners }) => listeners),
    domains: read.flatMap(({ domains }) => domains),
    hostNames: read.flatMap(({ hostNames }) => hostNames),
    assumes: [...new Set([...unnamed, ...read.flatMap(({ assumes }) => assumes)])],
    unreadable: read.flatMap(({ unreadable }) => unreadable),
  };
}

interface Mailer {
  readonly stack: StackName;
  readonly service: ComposeService;
}

function configurationOf(
  { stack, service }: Mailer,
  compose: Compose,
  daemon: DockerDaemon,
  tree: ConfigTree,
  version: string | null,
): Configuration | null {
  const input = { service, compose, daemon, tree };
  const made = stacks[stack](input);
  const rendered: Rendered = { ...made, main: withOwnNetworks(made.main, input) };
  const configuration = readPostfix(treeOfRendered(rendered), version ?? rendered.version);
  if (configuration === null) return null;
  const back = relocated(configuration, placeIn(rendered));
  return {
    ...back,
    product: stack,
    listeners: back.listeners.map((listener) => ({
      ...listener,
      name: listenerIn(service.name, listener.name),
      caveats: [...listener.caveats, ...rendered.caveats, ...changed(service)],
      where: listener.where ?? service.where,
    })),
    assumes: [...rendered.assumes, `the image of "${service.name}" is as it is published`],
    unreadable: [...back.unreadable, ...rendered.unreadable],
  };
}

/** What may make of the image something else than it is. */
function changed({ name, mounts, ownCommand, where }: ComposeService): readonly Caveat[] {
  const over = [...mounts.keys()].find((path) => /^\/etc\/postfix(\/(main|master)\.cf)?$/.test(path));
  return [
    ...(ownCommand === null
      ? []
      : [{ tag: "command", text: `unless the command of "${name}" lets strangers in`, where: ownCommand }]),
    ...(over === undefined
      ? []
      : [{ tag: "mount", text: `unless what is mounted at ${over} in "${name}" lets strangers in`, where }]),
  ];
}

function treeOfRendered({ main, master, mounted }: Rendered): ConfigTree {
  const text = (lines: readonly MadeLine[]): TreeFile => ({
    kind: "text",
    text: lines.map((one) => one.text).join("\n"),
  });
  const files = new Map<string, TreeFile>([
    [mainCf, text(main)],
    [masterCf, text(master)],
  ]);
  for (const [path, file] of mounted) if (!files.has(path)) files.set(path, { kind: "text", text: file.text });
  return { root: "/", files, incomplete: false };
}

/** The last line of a stretch that a person wrote decides: what comes later in a setting was added to it. */
function placeIn({ main, master, mounted }: Rendered): Place {
  return (made: Span): Span | null => {
    const lines = made.file === mainCf ? main : made.file === masterCf ? master : null;
    if (lines === null) {
      const path = mounted.get(made.file)?.path;
      return path === undefined ? null : { ...made, file: path };
    }
    const stretch = lines.slice(made.start.line - 1, made.end.line);
    const written = stretch.flatMap(({ where }) => where ?? []);
    const last = written.at(-1);
    const first = written[0];
    if (last === undefined || first === undefined) return null;
    // A setting that a file writes over several lines is shown whole.
    const whole = stretch.every(({ text, where }) => where !== null && where.text === text && where.file === last.file);
    if (!whole) return last;
    return { ...last, start: first.start, text: written.map(({ text }) => text).join("\n") };
  };
}
