import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { hostedSchema, hostedService } from "./hosted.ts";

const services = z
  .array(hostedSchema)
  .parse(parse(readFileSync(new URL("../../catalogue/hosted.yaml", import.meta.url), "utf8")));

for (const [host, service] of [
  ["example-org.mail.protection.outlook.com", "microsoft-365"],
  ["ASPMX.L.GOOGLE.COM.", "google-workspace"],
  ["alt1.aspmx.l.google.com", "google-workspace"],
  ["inbound-smtp.eu-west-1.amazonaws.com", "amazon"],
  ["mx0a-00000000.pphosted.com", "proofpoint"],
  // A customer's own server at the same provider is not the provider's mail service.
  ["ec2-192-0-2-1.compute-1.amazonaws.com", undefined],
  ["host.secureserver.net", undefined],
  // Only whole labels count.
  ["mail.notmessagingengine.com", undefined],
  ["messagingengine.com", undefined],
  ["mx1.example.org", undefined],
] as const) {
  test(`${host} → ${service ?? "the site's own"}`, () => {
    expect(hostedService(host, services)?.id).toBe(service);
  });
}
