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
