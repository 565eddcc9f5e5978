import { expect, test } from "vitest";
import { auditTree } from "../examine.ts";
import { treeOf } from "../tree.ts";
import { readDeployment } from "./deployment.ts";

const compose = (service: string, more = ""): string =>
  `services:\n  mail:\n    image: registry.example/our-postfix:3\n${service.replace(/^/gm, "    ")}\n${more}`;

const published = compose('ports:\n  - "25:25"\n  - "587:587"');
const ipam = (text: string): string =>
  `networks:\n  default:\n${text.replace(/^/gm, "    ")}\n    ipam:\n      config:\n        - subnet: 172.30.5.0/24\n`;

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

const postfix = (more: string): Readonly<Record<string, string>> => ({
  "/srv/main.cf": `compatibility_level = 3.6\nmyhostname = mx1.ourcollege.example\nmydestination = ourcollege.example\n${more}\n`,
});
const trusting = postfix("mynetworks = 127.0.0.0/8 [::1]/128 172.16.0.0/12");

const audited = (files: Readonly<Record<string, string>>) =>
  auditTree("mx1", treeOf("/srv", files), {
    site: null,
    product: null,
    version: null,
    deployment: null,
    follow: null,
    deadLists: [],
  });

// What the same trust is worth in different surroundings.
for (const [what, files, verdict, families] of [
  ["nothing is known", trusting, "conditional", ["conditional", "closed"]],
  ["IPv6 is hidden", { ...trusting, "/srv/compose.yaml": published }, "open", ["closed", "open"]],
  [
    "IPv6 is not published",
    { ...trusting, "/srv/compose.yaml": compose('ports: ["0.0.0.0:25:25"]') },
    "closed",
    ["closed", "closed"],
  ],
  [
    "the network has IPv6",
    { ...trusting, "/srv/compose.yaml": published + ipam("enable_ipv6: true") },
    "closed",
    ["closed", "closed"],
  ],
  [
    "nobody tells whose network it shares",
    { ...trusting, "/srv/compose.yaml": compose("network_mode: container:x") },
    "conditional",
    ["conditional", "closed"],
  ],
  [
    "only another network is trusted",
    { ...postfix("mynetworks = 127.0.0.0/8 10.20.0.0/16"), "/srv/compose.yaml": published + ipam("driver: bridge") },
    "closed",
    ["closed", "closed"],
  ],
  [
    "one container of the pool is trusted",
    { ...postfix("mynetworks = 127.0.0.0/8 172.18.0.5"), "/srv/compose.yaml": published },
    "conditional",
    ["closed", "conditional"],
  ],
  [
    "the networks of the machine are trusted",
    { ...postfix("mynetworks_style = subnet"), "/srv/compose.yaml": published + ipam("driver: bridge") },
    "open",
    ["closed", "open"],
  ],
  [
    "the networks of the machine are trusted, and IPv6 comes as it is",
    { ...postfix("mynetworks_style = subnet"), "/srv/compose.yaml": published + ipam("enable_ipv6: true") },
    "closed",
    ["closed", "closed"],
  ],
  [
    "a proxy on the same machine hides all",
    { ...postfix("mynetworks = 127.0.0.0/8"), "/srv/haproxy.cfg": haproxy("server a 127.0.0.1:25") },
    "open",
    ["open", "open"],
  ],
  [
    "a proxy on another machine hides all from a mailer that trusts only itself",
    { ...postfix("mynetworks = 127.0.0.0/8"), "/srv/haproxy.cfg": haproxy("server a 10.1.1.2:25") },
    "closed",
    ["closed", "closed"],
  ],
  [
    "a proxy on another machine hides all from a mailer that trusts a network",
    { ...postfix("mynetworks = 127.0.0.0/8 10.1.1.0/24"), "/srv/haproxy.cfg": haproxy("server a 10.1.1.2:25") },
    "conditional",
    ["conditional", "conditional"],
  ],
  [
    "a proxy tells who comes, on a port that only it should reach",
    {
      ...postfix("mynetworks = 127.0.0.0/8\nsmtpd_upstream_proxy_protocol = haproxy"),
      "/srv/haproxy.cfg": haproxy("server a 127.0.0.1:25 send-proxy"),
    },
    "conditional",
    ["conditional", "conditional"],
  ],
  [
    "a proxy tells who comes, and the port is published to nobody else",
    {
      ...postfix("mynetworks = 127.0.0.0/8\nsmtpd_upstream_proxy_protocol = haproxy"),
      "/srv/compose.yaml":
        'services:\n  front:\n    image: haproxy:3.2\n    ports: ["0.0.0.0:25:25"]\n  mail:\n    build: .\n',
      "/srv/haproxy.cfg": haproxy("server mail mail:25 send-proxy"),
    },
    "closed",
    ["closed", "closed"],
  ],
  [
    "a proxy tells who comes, and the mailer does not listen",
    { ...postfix("mynetworks = 127.0.0.0/8"), "/srv/haproxy.cfg": haproxy("server a 127.0.0.1:25 send-proxy") },
    "open",
    ["open", "open"],
  ],
  [
    "all nodes look alike",
    { ...postfix("mynetworks = 10.0.0.0/8"), "/srv/mail.yaml": service("type: LoadBalancer") },
    "conditional",
    ["conditional", "closed"],
  ],
] as const)
  test(`${what}: ${verdict}`, () => {
    const result = audited(files);
    expect(result.verdict, JSON.stringify(result.listeners, null, 1)).toBe(verdict);
    const listener = result.listeners[0];
    expect([listener?.families.ipv4, listener?.families.ipv6]).toEqual([...families]);
  });

test("the finding names the line, the stranger, how he appears, and a line that mends it", () => {
  const result = audited({ ...trusting, "/srv/compose.yaml": published });
  const finding = result.findings.find(({ tag }) => tag === "DEPLOY_HIDES_CLIENT");
  expect(finding?.where).toMatchObject({ file: "/srv/compose.yaml", line: 5, text: '"25:25"' });
  expect(finding?.witness?.client.address).toBe("2001:db8:ffff::7");
  expect(finding?.data.appearsAs).toBe("172.17.0.1");
  expect(finding?.patch).toContain('+      - "0.0.0.0:25:25"');
});

test("a deployment from elsewhere counts as well", () => {
  const deployment = readDeployment(treeOf("/d", { "/d/docker-compose.yml": published }));
  const request = { site: null, product: null, version: null, deployment, follow: null, deadLists: [] };
  expect(auditTree("mx1", treeOf("/srv", trusting), request).verdict).toBe("open");
});
