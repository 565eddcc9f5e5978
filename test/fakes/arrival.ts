/** An arrival at the catcher, for tests: what is not said stands for a plain relayed message. */
import type { Arrival } from "../../src/ports.ts";

export function arrivalWith(given: Partial<Arrival> = {}): Arrival {
  return {
    at: "2026-11-24T04:30:00.000Z",
    peer: "192.0.2.25",
    helo: "mx1.ourcollege.example",
    reversePath: "<fp-x@catch.example>",
    recipients: [],
    head: "Received: from tester.example.net ([198.51.100.9]) by mx1.ourcollege.example; Tue, 24 Nov 2026 04:29:59 +0000\r\nSubject: Relay test\r\n\r\nhello\r\n",
    tokensInMessage: [],
    bytes: 200,
    tls: null,
    ...given,
  };
}
