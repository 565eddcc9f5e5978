// What the variants of one process share: worlds, lent out one variant at a time, and unpacked roots.
import { rm } from "node:fs/promises";
import { available } from "./available.ts";
import { type RootName, recipeFor } from "./recipes.ts";
import { ensureRoots } from "./roots.ts";
import { scratchFolder, sweepFolders, type Unpacked, unpack } from "./unpacked.ts";
import { createWorld, type World } from "./world.ts";

export type Ground = AsyncDisposable & {
  readonly folder: string;
  /** Lends a world of its own; waits while too many are out. Disposing of the loan gives it back. */
  readonly borrowWorld: () => Promise<AsyncDisposable & { readonly world: World }>;
  readonly unpacked: (name: RootName) => Promise<Unpacked>;
};

/** Mailers mostly wait, so two variants at once take little longer than one. */
export const WORLDS = 2;

export async function layGround(): Promise<Ground> {
  const can = await available();
  if (!can.ok) throw new Error(can.reason);
  await sweepFolders();
  const stack = new AsyncDisposableStack();
  const folder = await scratchFolder("lab");
  stack.defer(() => rm(folder, { recursive: true, force: true }));

  const idle: World[] = [];
  const queue: (() => void)[] = [];
  let out = 0;
  const borrowWorld: Ground["borrowWorld"] = async () => {
    while (out >= WORLDS) await new Promise<void>((resolve) => queue.push(resolve));
    out += 1;
    const giveBack = (): void => {
      out -= 1;
      queue.shift()?.();
    };
    try {
      const world = idle.pop() ?? stack.use(await createWorld(folder));
      return {
        world,
        async [Symbol.asyncDispose]() {
          idle.push(world);
          giveBack();
        },
      };
    } catch (error) {
      giveBack();
      throw error;
    }
  };

  const roots = new Map<RootName, Promise<Unpacked>>();
  const unpacked = (name: RootName): Promise<Unpacked> => {
    const known = roots.get(name);
    if (known !== undefined) return known;
    const fresh = ensureRoots([recipeFor(name)]).then(async ([root]) => {
      if (root === undefined) throw new Error(`The ${name} root was not built.`);
      return stack.use(await unpack(root));
    });
    roots.set(name, fresh);
    return fresh;
  };
  return { folder, borrowWorld, unpacked, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
