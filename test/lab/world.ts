// A network with what lives in the world outside: a name server and the other organisation's mailer.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outsideSink, resolver } from "./addresses.ts";
import { type Child, startChild } from "./child.ts";
import { dnsData } from "./dns-data.ts";
import { createNetwork, type Network } from "./network.ts";
import type { Caught } from "./sink.ts";

export type World = AsyncDisposable & {
  readonly network: Network;
  /** Everything that the other organisation's mailer was given so far. */
  readonly caught: readonly Caught[];
};

/** Makes a world; `folder` is where its files may lie. */
export async function createWorld(folder: string): Promise<World> {
  const stack = new AsyncDisposableStack();
  try {
    const network = stack.use(await createNetwork());
    const dataFile = join(folder, `${network.prefix}-dns.json`);
    await writeFile(dataFile, JSON.stringify(dnsData));
    stack.use(await startScript(network, "dns-server.ts", [resolver, dataFile]));
    const sink = stack.use(await startScript(network, "sink.ts", [outsideSink.v4, outsideSink.v6]));
    const caught: Caught[] = [];
    // The sink is ours: what it writes has this shape.
    sink.onLine((line) => line.startsWith("{") && caught.push(JSON.parse(line) as Caught));
    return { network, caught, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function startScript(network: Network, script: string, args: readonly string[]): Promise<Child> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return startChild(["ip", "netns", "exec", network.names.world, process.execPath, file, ...args]);
}
