/** What a practice mailer writes must be read by what reads the mail of real ones. */
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { automaticKind } from "../message/automatic.ts";
import { fieldOf, parseHeader } from "../message/header.ts";
import { parseReceived } from "../message/received.ts";
import { parseIp } from "../net/ip.ts";
import { bounceMessage } from "./bounce.ts";
import { practiceCertificate } from "./certificate.ts";
import { receivedLine } from "./trace.ts";

const at = new Date("2026-11-24T07:00:00Z");

for (const [address, want] of [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
] as const)
  test(`Received: ${address}`, () => {
    const client = parseIp(address);
    if (!client.ok) throw new Error(client.expected);
    const line = receivedLine({
      helo: "probe.example",
      client: client.value,
      host: "practice.example",
      esmtp: true,
      tls: true,
      authenticated: true,
      id: "1",
      at,
    });
    const value = fieldOf(parseHeader(line), "received") ?? "";
    expect(parseReceived(value)).toEqual({
      from: "probe.example",
      address: want,
      by: "practice.example",
      with: "ESMTPSA",
    });
  });

test("a bounce is known as a report and names who failed", () => {
  const bounce = bounceMessage({
    host: "practice.example",
    id: "B1",
    at,
    to: "a@catch.example",
    failed: ["b@ourcollege.example"],
    header: "Subject: x\r\n",
  });
  expect(automaticKind(parseHeader(bounce), "<>")).toBe("report");
  expect(bounce).toContain("Final-Recipient: rfc822; b@ourcollege.example\r\nAction: failed\r\nStatus: 5.1.1\r\n");
  expect(bounce).not.toMatch(/[^\r]\n/);
});

test("the practice certificate lasts for decades and belongs to its key", () => {
  const certificate = new X509Certificate(practiceCertificate.certificate);
  expect(certificate.subject).toBe("CN=practice.example");
  expect(certificate.validToDate.getUTCFullYear()).toBe(2056);
});
