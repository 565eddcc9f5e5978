import type { Clock, Random } from "../ports.ts";

/** The name of a run: sorts by time, and is short enough to type. */
export function runIdOf(clock: Clock, random: Random): string {
  const at = clock.now().toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
  return `${at}-${Buffer.from(random.bytes(3)).toString("hex")}`;
}
