/** How IOS and IOS-XE write entries. */
import type { Addresses } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Dialect } from "../cisco/entry.ts";
import { endOf, type Groups, type Service } from "../cisco/groups.ts";
import {
  doubtful,
  idle,
  laterFragments,
  logWithCookie,
  type Option,
  optionsOf,
  undetermined,
  withHeader,
} from "../cisco/options.ts";

export interface IosGroups {
  readonly addresses: Groups<Addresses>;
  readonly services: Groups<Service>;
}

/** Packets that pass open the way for their answers, in the list that evaluates the name. */
const reflect: Option = (words, parts) => {
  parts.reflect = words.next();
  if (words.take("timeout")) words.skip(1);
};

const options = optionsOf({
  log: logWithCookie,
  "log-input": logWithCookie,
  reflect,
  sequence: idle(1),
  fragments: laterFragments,
  "time-range": doubtful("only within a time range", 1),
  dscp: doubtful("DSCP", 1),
  precedence: doubtful("precedence", 1),
  tos: doubtful("type of service", 1),
  ttl: doubtful("TTL", "comparison"),
  "flow-label": doubtful("flow label", 1),
  "packet-length": doubtful("packet length", "comparison"),
  option: withHeader("IP options", 1),
  options: withHeader("IP options", 1),
  routing: withHeader("routing header", 0),
  "routing-type": withHeader("routing header", 1),
  "dest-option": withHeader("destination options header", 0),
  "dest-option-type": withHeader("destination options header", 1),
  hbh: withHeader("hop-by-hop header", 0),
  mobility: withHeader("mobility header", 0),
  "mobility-type": withHeader("mobility header", 1),
  auth: withHeader("authentication header", 0),
  "undetermined-transport": undetermined,
});

export function dialectOf(family: Family, groups: IosGroups): Dialect {
  return {
    family,
    mask: "wildcard",
    addressGroups: ["object-group"],
    portGroups: [],
    addresses: (name) => endOf(groups.addresses, name),
    ports: () => ({ values: [], doubt: null }),
    services: (name) => groups.services.resolve(name),
    options,
    flags: "any",
    laterFragments: "permitted",
  };
}
