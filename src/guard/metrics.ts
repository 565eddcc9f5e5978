/** What monitoring asks of a guard: Prometheus' text format. Pure. */
import type { Totals } from "./tally.ts";

export interface GuardState {
  readonly totals: Totals;
  readonly connections: number;
  /** Seconds since 1970: when the rule was last read without fault. */
  readonly rulesReadAt: number;
  /** Whether what was read last could be used. */
  readonly rulesInOrder: boolean;
}

export function metricsText({ totals, connections, rulesReadAt, rulesInOrder }: GuardState): string {
  const lines = [
    "# HELP fencepost_guard_decisions_total Recipients that were decided on.",
    "# TYPE fencepost_guard_decisions_total counter",
  ];
  for (const [key, count] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // Words of closed sets: nothing in them needs escaping.
    const [door, action, reason] = key.split(" ");
    lines.push(`fencepost_guard_decisions_total{door="${door}",action="${action}",reason="${reason}"} ${count}`);
  }
  const gauge = (name: string, help: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`);
  };
  gauge("fencepost_guard_connections", "Connections that are open.", connections);
  gauge("fencepost_guard_rules_read_seconds", "When the site file in force was read.", rulesReadAt);
  gauge("fencepost_guard_rules_in_order", "1: the site file as it is now is in force.", rulesInOrder ? 1 : 0);
  return `${lines.join("\n")}\n`;
}
