import { createSocket } from "node:dgram";
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { parseIp } from "../net/ip.ts";
import { dnsResolver } from "./dns.ts";

test("a question leaves nothing behind on the signal of a long run", async () => {
  const stop = new AbortController();
  const address = parseIp("192.0.2.1");
  if (!address.ok) throw new Error(address.expected);
  // Nothing answers on this port of loopback: what becomes of the question does not matter here.
  const answer = await dnsResolver(["127.0.0.1:1"]).ptr(address.value, stop.signal);
  expect(answer.kind).toBe("failed");
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test("a question can be given up", async () => {
  const stop = new AbortController();
  const address = parseIp("192.0.2.1");
  if (!address.ok) throw new Error(address.expected);
  const asked = dnsResolver(["127.0.0.1:1"]).ptr(address.value, stop.signal);
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});

test("an answer that cannot be read spoils no other", async () => {
  const server = createSocket("udp4");
  server.on("message", (query, peer) => {
    // The name is asked for in plain sight: labels with their lengths before them (RFC 1035 §3.1).
    const bad = query.includes("bad");
    const reply = Buffer.from(query);
    reply.writeUInt16BE(0x8183, 2); // NXDOMAIN
    server.send(bad ? reply.subarray(0, 10) : reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const resolver = dnsResolver([`127.0.0.1:${server.address().port}`], { timeoutMs: 500, tries: 2 });
  const names = Array.from({ length: 40 }, (_, at) => `x${at}.${at % 10 === 0 ? "bad" : `good${at % 3}`}.list.example`);
  const answers = await Promise.all(names.map((name) => resolver.a(name, new AbortController().signal)));
  await new Promise<void>((resolve) => server.close(() => resolve()));
  for (const [at, answer] of answers.entries())
    expect([names[at], answer]).toEqual([
      names[at],
      at % 10 === 0 ? { kind: "failed", cause: "garbled" } : { kind: "nxdomain" },
    ]);
});
