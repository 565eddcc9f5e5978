import { expect, test } from "vitest";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import { formatMailbox, type MailDomain, parseMailDomain } from "../smtp/path.ts";
import { siteLookup } from "./lookup.ts";
import { parseSite, type Site } from "./site.ts";

function site(text: string): Site {
  const read = parseSite(text, "site.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
}
function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}
function domain(text: string): MailDomain {
  const read = parseMailDomain(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

const college = site(`name: x
domains: ["*.wild.example", ours.example, dept.ours.example]
networks: [192.0.2.24/31, 192.0.2.40, 198.51.100.0/24, "2001:db8:25::/48"]
mailers:
  - name: mx1
    host: mx1.hosts.example
    addresses: [192.0.2.25, 192.0.2.40]
    inside: [10.1.1.2]
    sendsFrom: [198.51.100.101]
  - {name: mx2, host: mx2.hosts.example, domains: [dept.ours.example]}
`);
const lookup = siteLookup(college);

test("our addresses are those in our networks", () => {
  const ours = ["192.0.2.24", "192.0.2.25", "198.51.100.0", "2001:db8:25:ffff::1", "::ffff:192.0.2.25"];
  const others = ["192.0.2.26", "10.1.1.2", "127.0.0.1", "2001:db8:26::1", "::1"];
  expect(ours.map(ip).map(lookup.isOurAddress)).toEqual(ours.map(() => true));
  expect(others.map(ip).map(lookup.isOurAddress)).toEqual(others.map(() => false));
});

test("the way ends with us at our domains and at what names the mailer itself", () => {
  const ours = [
    "ours.example",
    "a.wild.example",
    "mx1.hosts.example",
    "[192.0.2.25]",
    "[10.1.1.2]",
    "[127.0.0.1]",
    "[IPv6:::1]",
    "localhost",
    "localhost.ours.example",
  ];
  const others = [
    "wild.example",
    "hosts.example",
    "sub.ours.example",
    "[192.0.2.24]",
    "localhost.out.example",
    "mylocalhost",
    "localhost.localdomain",
  ];
  expect(ours.filter((text) => !lookup.endsWithUs(domain(text)))).toEqual([]);
  expect(others.filter((text) => lookup.endsWithUs(domain(text)))).toEqual([]);
});

test("mailers are found by name and by any of their addresses", () => {
  for (const text of ["192.0.2.25", "10.1.1.2", "198.51.100.101"]) expect(lookup.mailerAt(ip(text))?.name).toBe("mx1");
  expect(lookup.mailerAt(ip("192.0.2.24"))).toBe(null);
  expect([lookup.mailerNamed("mx2")?.host, lookup.mailerNamed("mx3")]).toEqual(["mx2.hosts.example", null]);
});

test("each network that is not all mailers has an address of a plain host", () => {
  expect(lookup.insideAddresses().map(formatIp)).toEqual(["192.0.2.24", "198.51.100.102", "2001:db8:25::65"]);
});

test("a local recipient is the file's, or postmaster at the mailer's first domain", () => {
  const at = (name: string) => {
    const mailbox = lookup.localRecipient(lookup.mailerNamed(name));
    return mailbox && formatMailbox(mailbox);
  };
  expect([at("mx1"), at("mx2"), at("nobody")]).toEqual([
    "postmaster@ours.example",
    "postmaster@dept.ours.example",
    "postmaster@ours.example",
  ]);
  const wild = site('name: x\ndomains: ["*.wild.example"]\nnetworks: [192.0.2.0/24]\n');
  expect(siteLookup(wild).localRecipient(null)).toBe(null);
});
