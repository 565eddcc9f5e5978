import fc from "fast-check";
import { expect, test } from "vitest";
import { formatPrefix } from "../../net/prefix.ts";
import { treeOf } from "../tree.ts";
import type { Arrival } from "./arrival.ts";
import { readDeployment } from "./deployment.ts";

const compose = (service: string, more = ""): string =>
  `services:\n  mail:\n    image: registry.example/our-postfix:3\n${service.replace(/^/gm, "    ")}\n${more}`;

const published = compose('ports:\n  - "25:25"\n  - "587:587"');
const ipam = (text: string): string =>
  `networks:\n  default:\n${text.replace(/^/gm, "    ")}\n    ipam:\n      config:\n        - subnet: 172.30.5.0/24\n`;

const shown = (arrival: Arrival | undefined): string => {
  if (arrival?.kind === "rewritten")
    return arrival.usually.toPrefixes().map(formatPrefix).slice(0, 2).join(" ") || "anywhere";
  return arrival?.kind === "told" ? `told by ${arrival.by}` : (arrival?.kind ?? "no door");
};

const service = (spec: string, ports = "[{port: 25, targetPort: smtp}]"): string =>
  `apiVersion: v1
kind: Service
metadata:
  name: mail
  annotations: {}
spec:
  selector: {app: mail}
${spec.replace(/^/gm, "  ")}
  ports: ${ports}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mail}
spec:
  template:
    metadata: {labels: {app: mail}}
    spec:
      containers:
        - name: postfix
          image: registry.example/our-postfix:3
          ports: [{name: smtp, containerPort: 25}]
`;

const haproxy = (server: string, bind = "bind :25\n    bind [::]:25"): string =>
  `defaults\n    mode tcp\n    timeout connect 5s\nfrontend smtp\n    ${bind}\n    default_backend mail\nbackend mail\n    ${server}\n`;

const nginx = (server: string): string =>
  `user nginx;\nevents { worker_connections 1024; }\nstream {\n  upstream mail { server 10.1.1.2:25; }\n  server {\n    listen 25;\n    listen [::]:25;\n    proxy_pass mail;\n    ${server}\n  }\n}\n`;

// How strangers come to port 25, over IPv4 and over IPv6.
for (const [what, files, four, six] of [
  // Docker: what its packet filter passes on keeps its address; the userland proxy takes the rest.
  ["a published port", { "compose.yaml": published }, "itself", "172.17.0.0/16 172.18.0.0/15"],
  ["in a network that is named", { "compose.yaml": published + ipam("driver: bridge") }, "itself", "172.30.5.1/32"],
  [
    "a gateway of its own",
    { "compose.yaml": `${published}${ipam("driver: bridge")}          gateway: 172.30.5.254\n` },
    "itself",
    "172.30.5.254/32",
  ],
  ["a network with IPv6", { "compose.yaml": published + ipam("enable_ipv6: true") }, "itself", "itself"],
  [
    "a network with IPv6, without ip6tables",
    {
      "compose.yaml": `${published}${ipam("enable_ipv6: true")}        - subnet: fd00:5::/64\n`,
      "daemon.json": '{"ip6tables": false}',
    },
    "itself",
    "fd00:5::1/128",
  ],
  [
    "no userland proxy",
    { "compose.yaml": published, "daemon.json": '{"userland-proxy": false}' },
    "itself",
    "not-at-all",
  ],
  [
    "no packet filter",
    { "compose.yaml": published + ipam("driver: bridge"), "daemon.json": '{"iptables": false}' },
    "172.30.5.1/32",
    "172.30.5.1/32",
  ],
  [
    "pools of the engine's own",
    { "compose.yaml": published, "daemon.json": '{"default-address-pools": [{"base": "10.200.0.0/16", "size": 24}]}' },
    "itself",
    "10.200.0.0/16",
  ],
  ["IPv4 alone", { "compose.yaml": compose('ports: ["0.0.0.0:25:25"]') }, "itself", "not-at-all"],
  ["loopback alone", { "compose.yaml": compose('ports: ["127.0.0.1:25:25"]') }, "not-at-all", "not-at-all"],
  [
    "an IPv6 address",
    { "compose.yaml": compose('ports: ["[2001:db8::25]:25:25"]') },
    "not-at-all",
    "172.17.0.0/16 172.18.0.0/15",
  ],
  [
    "the long syntax",
    { "compose.yaml": compose('ports:\n  - target: 25\n    published: "25"\n    host_ip: 192.0.2.25\n    mode: host') },
    "itself",
    "not-at-all",
  ],
  ["a range", { "compose.yaml": compose('ports: ["0.0.0.0:20-30:20-30"]') }, "itself", "not-at-all"],
  [
    "a variable with a default",
    { "compose.yaml": compose(`ports: ["\${BIND:-127.0.0.1}:25:25"]`) },
    "not-at-all",
    "not-at-all",
  ],
  [
    "a variable of .env",
    { "compose.yaml": compose(`ports: ["\${BIND:-127.0.0.1}:25:25"]`), ".env": "BIND=192.0.2.25\n" },
    "itself",
    "not-at-all",
  ],
  ["a variable that nobody sets", { "compose.yaml": compose(`ports: ["\${BIND}:25:25"]`) }, "unknown", "unknown"],
  ["UDP alone", { "compose.yaml": compose('ports: ["25:25/udp"]') }, "no door", "no door"],
  ["the host's network", { "compose.yaml": compose("network_mode: host") }, "itself", "itself"],
  [
    "an address in the LAN",
    { "compose.yaml": compose("", "networks:\n  default:\n    driver: macvlan\n") },
    "itself",
    "itself",
  ],
  [
    "another service's network",
    { "compose.yaml": compose("network_mode: service:vpn", '  vpn:\n    image: vpn\n    ports: ["0.0.0.0:25:25"]\n') },
    "itself",
    "not-at-all",
  ],
  [
    "the engine's own bridge",
    { "compose.yaml": `${compose('network_mode: bridge\nports: ["25:25"]')}${ipam("enable_ipv6: true")}` },
    "itself",
    "172.17.0.0/16 172.18.0.0/15",
  ],
  ["another container's network", { "compose.yaml": compose("network_mode: container:vpn") }, "unknown", "unknown"],
  [
    "a swarm",
    { "compose.yaml": compose('ports: ["25:25"]\ndeploy:\n  placement: {constraints: [node.role == manager]}') },
    "10.0.0.0/24",
    "10.0.0.0/24",
  ],
  [
    "ingress, if it is a swarm",
    { "compose.yaml": compose("ports: [{target: 25, published: 25, mode: ingress}]") },
    "unknown",
    "unknown",
  ],
  [
    "a network from elsewhere",
    { "compose.yaml": `${published}networks:\n  default:\n    external: true\n` },
    "itself",
    "unknown",
  ],
  [
    "an override",
    {
      "compose.yaml": compose("restart: always"),
      "compose.override.yaml": 'services:\n  mail:\n    ports: ["0.0.0.0:25:25"]\n',
    },
    "itself",
    "not-at-all",
  ],
  [
    "the files of COMPOSE_FILE",
    {
      "compose.yaml": compose("restart: always"),
      "ports.yaml": 'services:\n  mail:\n    ports: ["0.0.0.0:25:25"]\n',
      ".env": "COMPOSE_FILE=compose.yaml:ports.yaml\n",
    },
    "itself",
    "not-at-all",
  ],
  [
    "a file of COMPOSE_FILE that is not here",
    { "compose.yaml": compose("restart: always"), ".env": "COMPOSE_FILE=compose.yaml:ports.yaml\n" },
    "unknown",
    "unknown",
  ],
  // Kubernetes.
  ["a load balancer", { "mail.yaml": service("type: LoadBalancer") }, "10.0.0.0/8 172.16.0.0/12", "not-at-all"],
  [
    "one that keeps addresses",
    { "mail.yaml": service("type: LoadBalancer\nexternalTrafficPolicy: Local") },
    "itself",
    "not-at-all",
  ],
  [
    "both families",
    { "mail.yaml": service("type: NodePort\nexternalTrafficPolicy: Local\nipFamilyPolicy: RequireDualStack") },
    "itself",
    "itself",
  ],
  ["a service inside", { "mail.yaml": service("type: ClusterIP") }, "no door", "no door"],
  [
    "a PROXY header by annotation",
    {
      "mail.yaml": service("type: LoadBalancer").replace(
        "annotations: {}",
        'annotations: {service.beta.example/enable-proxy-protocol: "true"}',
      ),
    },
    "told by proxy",
    "told by proxy",
  ],
  [
    "a list of objects, in JSON",
    {
      "mail.json": JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [
          { apiVersion: "v1", kind: "Pod", metadata: { name: "mail" }, spec: { hostNetwork: true, containers: [] } },
        ],
      }),
    },
    "itself",
    "itself",
  ],
  [
    "a port of the node",
    {
      "pod.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: mail}\nspec:\n  containers:\n    - name: a\n      ports: [{containerPort: 25, hostPort: 25}]\n",
    },
    "unknown",
    "unknown",
  ],
  // Proxies.
  ["HAProxy without a header", { "haproxy.cfg": haproxy("server a 127.0.0.1:25") }, "127.0.0.1/32", "127.0.0.1/32"],
  ["HAProxy to another machine", { "haproxy.cfg": haproxy("server a 10.1.1.2:25") }, "anywhere", "anywhere"],
  [
    "HAProxy with a header",
    { "haproxy.cfg": haproxy("server a 10.1.1.2:25 check send-proxy-v2") },
    "told by proxy",
    "told by proxy",
  ],
  [
    "HAProxy with a header for all servers",
    { "haproxy.cfg": haproxy("default-server send-proxy\n    server a 10.1.1.2:25") },
    "told by proxy",
    "told by proxy",
  ],
  [
    "HAProxy, transparent",
    { "haproxy.cfg": haproxy("source 0.0.0.0 usesrc clientip\n    server a 10.1.1.2:25") },
    "itself",
    "itself",
  ],
  [
    "HAProxy for IPv4",
    { "haproxy.cfg": haproxy("server a 10.1.1.2:25 send-proxy", "bind 192.0.2.25:25") },
    "told by proxy",
    "not-at-all",
  ],
  ["nginx without a header", { "nginx.conf": nginx("proxy_timeout 1h;") }, "anywhere", "anywhere"],
  ["nginx from one address", { "nginx.conf": nginx("proxy_bind 10.1.1.9;") }, "10.1.1.9/32", "10.1.1.9/32"],
  ["nginx with a header", { "nginx.conf": nginx("proxy_protocol on;") }, "told by proxy", "told by proxy"],
  ["nginx, transparent", { "nginx.conf": nginx("proxy_bind $remote_addr transparent;") }, "itself", "itself"],
  // A proxy in a container hides whom its own published port hides.
  [
    "HAProxy in a container",
    {
      "compose.yaml": `services:\n  front:\n    image: haproxy:3.2\n    ports: ["25:25"]\n  mail:\n    build: .\n${ipam("driver: bridge")}`,
      "haproxy.cfg": haproxy("server mail mail:25 send-proxy"),
    },
    "told by proxy",
    "172.30.5.1/32",
  ],
  [
    "a proxy in a container whose configuration is not here",
    {
      "compose.yaml":
        'services:\n  front:\n    image: traefik:v3\n    ports: ["0.0.0.0:25:25"]\n  mail:\n    build: .\n',
    },
    "unknown",
    "not-at-all",
  ],
] as const)
  test(`${what}: IPv4 ${four}, IPv6 ${six}`, () => {
    const texts = Object.entries(files).map(([name, text]): [string, string] => [`/srv/${name}`, text]);
    const deployment = readDeployment(treeOf("/srv", Object.fromEntries(texts)));
    expect(deployment).not.toBeNull();
    const doors = deployment?.doors.filter(({ port }) => port === 25 || port === null) ?? [];
    const by = (family: 4 | 6): Arrival | undefined => {
      const all = doors.map(({ arrives }) => arrives[family]);
      return all.find(({ kind }) => kind !== "not-at-all") ?? all[0];
    };
    expect([shown(by(4)), shown(by(6))]).toEqual([four, six]);
  });

const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [${`*${n === 0 ? "a" : `b${n - 1}`},`.repeat(9)}]\n`).join("")}services:\n  mail: {image: x, ports: *b29}\n`;

for (const [what, text] of [
  ["an alias bomb", bomb],
  ["deep nesting", `services:\n  a: ${"[".repeat(50_000)}`],
  ["an alias to nothing", "services:\n  mail: *nothing\n"],
  ["an alias in a circle", "services: &a\n  mail: *a\n"],
  ["variables that grow", `services:\n  mail:\n    image: x\n    ports: ["${"$A".repeat(5000)}"]\n`],
] as const)
  test(`${what} is read in time`, () => {
    const started = performance.now();
    const env = Array.from(
      { length: 20 },
      (_, n) => `${String.fromCharCode(65 + n)}=${`$${String.fromCharCode(64 + n)}`.repeat(100)}x`,
    );
    readDeployment(treeOf("/srv", { "/srv/compose.yaml": text, "/srv/.env": env.join("\n") }));
    expect(performance.now() - started).toBeLessThan(5000);
  });

test("whatever the files hold, reading ends", () => {
  const word = fc.constantFrom(
    "services:",
    "mail:",
    "image: boky/postfix",
    "ports:",
    '- "25:25"',
    "- target: 25",
    "networks:",
    "default:",
    "enable_ipv6: true",
    "&a",
    "*a",
    "<<: *a",
    "${A:-",
    "}",
    "kind: Service",
    "apiVersion: v1",
    "spec:",
    "type: LoadBalancer",
    "---",
    "frontend x",
    "bind :25",
    "server a b:25 send-proxy",
    "stream {",
    "server {",
    "listen 25;",
    "proxy_pass a:25;",
    "}",
    '"',
    "'",
    "[",
    "{",
    "\n",
    "\n  ",
    "\n    ",
    "\u0000",
  );
  const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(
      text,
      fc.constantFrom("compose.yaml", "haproxy.cfg", "nginx.conf", "daemon.json", "x.yaml"),
      (made, name) => {
        readDeployment(treeOf("/srv", { [`/srv/${name}`]: made, "/srv/.env": made }));
      },
    ),
    { numRuns: 300 },
  );
});
