// The one door to the lab. What variants can share is made at first use; each variant has mailers of its own.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mailerA, mailerB } from "./addresses.ts";
import { type Child, startChild } from "./child.ts";
import { type Ground, layGround } from "./ground.ts";
import { type RunningMailer, startMailer } from "./mailer.ts";
import type { NamespaceName } from "./network.ts";
import { runPeer } from "./peers.ts";
import type { RootName } from "./recipes.ts";
import { type Ran, type RunOptions, run } from "./run.ts";
import type { Caught } from "./sink.ts";
import { siteYaml } from "./site-file.ts";
import type { Mailer, Variant } from "./variant.ts";
import { products } from "./variants.ts";

export type Lab = AsyncDisposable & {
  readonly variant: Variant;
  /** A site.yaml that describes this variant's site to the tester. */
  readonly siteFile: string;
  /** Runs a program in one of the lab's namespaces. */
  readonly exec: (namespace: NamespaceName, argv: readonly string[], options?: RunOptions) => Promise<Ran>;
  /** Starts a program in one of the lab's namespaces; returns when it prints the line `ready`. It gets SIGTERM at its end. */
  readonly start: (namespace: NamespaceName, argv: readonly string[], ready: string) => Promise<Child>;
  /** Runs a program of another root in the world: somebody else's tester (nmap, swaks), Postfix's smtp-source. */
  readonly peer: (argv: readonly string[], root?: RootName) => Promise<Ran>;
  /** What has arrived at the outside sink since the variant was started. */
  readonly caught: () => readonly Caught[];
  /** What the mailers logged. */
  readonly log: () => string;
  /** A mailer has ended by itself since it greeted. */
  readonly died: () => boolean;
};

const untilStdinEnds = '"$@" & P=$!; cat >/dev/null; kill "$P"; wait "$P"';

/** Does something with a variant's mailers. What was done with a mailer that ended by itself says nothing. */
export async function inLab<T>(variant: Variant, use: (lab: Lab) => Promise<T>): Promise<T> {
  await using lab = await startLab(variant);
  const done = await use(lab).catch((error: unknown) => {
    throw lab.died() ? new Error(`${variant.name}: a mailer ended by itself:\n${lab.log().slice(-3000)}`) : error;
  });
  if (lab.died()) throw new Error(`${variant.name}: a mailer ended by itself:\n${lab.log().slice(-3000)}`);
  return done;
}

/** Starts a variant's mailers and returns when all of its listeners greet strangers. */
export async function startLab(variant: Variant): Promise<Lab> {
  shared ??= layGround();
  const ground = await shared;
  const stack = new AsyncDisposableStack();
  try {
    const { world } = stack.use(await ground.borrowWorld());
    const { names } = world.network;
    const first = world.caught.length;
    const seats = [
      { mailer: variant, seat: "a", place: mailerA } as const,
      ...(variant.second === undefined ? [] : [{ mailer: variant.second, seat: "b", place: mailerB } as const]),
    ];
    const mailers: RunningMailer[] = [];
    const starts = seats.map(async ({ mailer, seat, place }) => {
      const { product, unpacked } = await partsFor(ground, mailer);
      mailers.push(stack.use(await startMailer(mailer, { product, unpacked, network: world.network, seat, place })));
    });
    await Promise.allSettled(starts); // One may fail while another still starts: that one has to be stopped as well.
    await Promise.all(starts);

    const siteFile = join(ground.folder, `${variant.name}.yaml`);
    await writeFile(siteFile, siteYaml(variant));
    return {
      variant,
      siteFile,
      exec: (namespace, argv, options) => run(["ip", "netns", "exec", names[namespace], ...argv], options),
      start: (namespace, argv, ready) =>
        startChild(["ip", "netns", "exec", names[namespace], "sh", "-c", untilStdinEnds, "start", ...argv], ready),
      peer: async (argv, root = "peers") =>
        runPeer(argv, { unpacked: await ground.unpacked(root), network: world.network }),
      caught: () => world.caught.slice(first),
      log: () => mailers.map((mailer) => mailer.log()).join("\n"),
      died: () => mailers.some((mailer) => /^start ended with /m.test(mailer.log())),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Takes down what the variants shared. Without it, the end of the process does. */
export async function closeLab(): Promise<void> {
  const ground = await shared;
  shared = undefined;
  await ground?.[Symbol.asyncDispose]();
}

let shared: Promise<Ground> | undefined;

async function partsFor(ground: Ground, mailer: Mailer) {
  return { product: products[mailer.product], unpacked: await ground.unpacked(mailer.product) };
}
