/**
 * Kubernetes manifests: Services that strangers reach, and pods that open ports of their node (kubernetes.io, "Virtual
 * IPs and Service Proxies", "Using Source IP"). Several documents, several files, and lists of them.
 */
import type { ConfigTree } from "../../ports.ts";
import { type Arrival, anyInnerAddress, anyOf, type Door, itself, notAtAll, privateAddresses } from "./arrival.ts";
import { at, entriesOf, flagOf, itemsOf, type Located, textOf, yamlOf } from "./yaml.ts";

export interface Manifests {
  readonly files: readonly string[];
  readonly objects: readonly Located[];
}

const maxObjects = 2000;

/** The objects in a snapshot; `null`: there are none. */
export function readManifests(tree: ConfigTree): Manifests | null {
  const files: string[] = [];
  const objects: Located[] = [];
  for (const [path, file] of tree.files) {
    if (file.kind !== "text" || !/\.(ya?ml|json)$/i.test(path) || objects.length > maxObjects) continue;
    if (!/["']?kind["']?\s*:\s*["']?(Service|Pod|Deployment|StatefulSet|DaemonSet|List)\b/.test(file.text)) continue;
    const found = (yamlOf(path, file) ?? []).flatMap((one) => unfolded(one, 0));
    if (found.length === 0) continue;
    files.push(path);
    objects.push(...found);
  }
  return objects.length === 0 ? null : { files, objects: objects.slice(0, maxObjects) };
}

function unfolded(object: Located, depth: number): readonly Located[] {
  if (textOf(at(object, "apiVersion")) === null || textOf(at(object, "kind")) === null) return [];
  if (!/List$/.test(textOf(at(object, "kind")) ?? "") || depth > 3) return [object];
  return itemsOf(at(object, "items")).flatMap((item) => unfolded(item, depth + 1));
}

/** A pod's description, wherever it stands: alone or as a template. */
interface PodSpec {
  readonly labels: ReadonlyMap<string, Located>;
  readonly spec: Located | undefined;
  readonly name: string;
}

/** The doors that services and pods open. */
export function doorsOfManifests({ objects }: Manifests): readonly Door[] {
  const pods = objects.flatMap((object): readonly PodSpec[] => {
    const name = textOf(at(object, "metadata", "name")) ?? "pod";
    const kind = textOf(at(object, "kind"));
    if (kind === "Pod")
      return [{ labels: entriesOf(at(object, "metadata", "labels")), spec: at(object, "spec"), name }];
    const template = at(object, "spec", "template");
    return template === undefined
      ? []
      : [{ labels: entriesOf(at(template, "metadata", "labels")), spec: at(template, "spec"), name }];
  });
  return [
    ...objects.filter((object) => textOf(at(object, "kind")) === "Service").flatMap((one) => doorsOfService(one, pods)),
    ...pods.flatMap(doorsOfPod),
  ];
}

function doorsOfService(service: Located, pods: readonly PodSpec[]): readonly Door[] {
  const spec = at(service, "spec");
  const type = textOf(at(spec, "type")) ?? "ClusterIP";
  const external = itemsOf(at(spec, "externalIPs")).length > 0;
  if (type !== "LoadBalancer" && type !== "NodePort" && !external) return [];
  const name = textOf(at(service, "metadata", "name")) ?? "service";
  const families = itemsOf(at(spec, "ipFamilies")).map(textOf);
  const dual = /DualStack$/.test(textOf(at(spec, "ipFamilyPolicy")) ?? "");
  const local = textOf(at(spec, "externalTrafficPolicy")) === "Local" && !external;
  const announces = [...entriesOf(at(service, "metadata", "annotations"))].some(
    ([key, value]) => /proxy-?protocol/i.test(key) && !/^(false|0|none|disabled|)$/i.test(textOf(value) ?? ""),
  );
  const policy = at(spec, "externalTrafficPolicy");
  return itemsOf(at(spec, "ports")).flatMap((port): readonly Door[] => {
    if ((textOf(at(port, "protocol")) ?? "TCP") !== "TCP") return [];
    const number = Number(textOf(at(port, "port")));
    const target = targetOf(at(port, "targetPort"), number, at(spec, "selector"), pods);
    const arrives = (family: 4 | 6): Arrival => {
      const wanted = family === 4 ? "IPv4" : "IPv6";
      if (families.length > 0 && !families.includes(wanted)) return notAtAll;
      if (announces)
        return {
          kind: "told",
          by: "proxy",
          peer: anyOf(anyInnerAddress),
          because: "the load balancer puts a PROXY header before each connection",
        };
      // A cluster of one family is of IPv4, unless it says otherwise.
      if (families.length === 0 && family === 6 && !dual) return notAtAll;
      if (local)
        return {
          kind: "itself",
          assumes:
            type === "LoadBalancer" ? [`the load balancer before the service ${name} keeps the client's address`] : [],
        };
      return {
        kind: "rewritten",
        to: anyInnerAddress,
        usually: family === 4 ? privateAddresses : anyInnerAddress,
        because: "with externalTrafficPolicy: Cluster a node puts its own address in the client's place",
      };
    };
    const where = policy?.where ?? at(spec, "type")?.where ?? port.where;
    return [
      {
        port: target,
        published: Number.isInteger(number) ? number : null,
        service: name,
        mailer: null,
        arrives: { 4: arrives(4), 6: arrives(6) },
        ownNetwork: true,
        front: announces ? "the load balancer" : null,
        where,
      },
    ];
  });
}

/** The port of the pod; `null`: it is named, and no pod here has a port of that name. */
function targetOf(
  target: Located | undefined,
  port: number,
  selector: Located | undefined,
  pods: readonly PodSpec[],
): number | null {
  const text = textOf(target);
  if (text === null) return Number.isInteger(port) ? port : null;
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  const wanted = [...entriesOf(selector)];
  for (const { labels, spec } of pods) {
    if (!wanted.every(([key, value]) => textOf(labels.get(key)) === textOf(value))) continue;
    for (const container of itemsOf(at(spec, "containers")))
      for (const one of itemsOf(at(container, "ports")))
        if (textOf(at(one, "name")) === text) return Number(textOf(at(one, "containerPort"))) || null;
  }
  return null;
}

function doorsOfPod({ spec, name }: PodSpec): readonly Door[] {
  const host = at(spec, "hostNetwork");
  const ports = itemsOf(at(spec, "containers")).flatMap((container) => itemsOf(at(container, "ports")));
  if (flagOf(host) === true && host !== undefined)
    return [
      {
        port: null,
        published: null,
        service: name,
        mailer: null,
        arrives: { 4: itself, 6: itself },
        ownNetwork: false,
        front: null,
        where: host.where,
      },
    ];
  return ports.flatMap((port): readonly Door[] => {
    const hostPort = at(port, "hostPort");
    if (hostPort === undefined || (textOf(at(port, "protocol")) ?? "TCP") !== "TCP") return [];
    const arrives: Arrival = {
      kind: "unknown",
      because: {
        unknown: "what the cluster's network does with the client's address at a hostPort",
        where: hostPort.where,
      },
    };
    return [
      {
        port: Number(textOf(at(port, "containerPort"))) || null,
        published: Number(textOf(hostPort)) || null,
        service: name,
        mailer: null,
        arrives: { 4: arrives, 6: arrives },
        ownNetwork: true,
        front: null,
        where: hostPort.where,
      },
    ];
  });
}
