/** The door for Postfix: one connection of its policy client, as many requests as it likes, one answer each. */
import type { Connection } from "../ports.ts";
import { bytesOf, latin1 } from "../text/lines.ts";
import { type House, judge } from "./house.ts";
import { answerOf, askedOf, deferred, dunno, PolicyReader, type PolicyRequest } from "./policy.ts";

/**
 * Serves until the client closes. Throws `PolicyProtocolError` for what is no request: whoever called closes the
 * connection, and Postfix puts the mail off.
 */
export async function servePolicy(connection: Connection, house: House, signal: AbortSignal): Promise<void> {
  const reader = new PolicyReader();
  for (;;) {
    const chunk = await connection.read(signal);
    if (chunk === null) return;
    const answers = reader.push(latin1(chunk)).map((request) => answerTo(request, house));
    if (answers.length > 0) await connection.write(bytesOf(answers.join("")), signal);
  }
}

function answerTo(request: PolicyRequest, house: House): string {
  const asked = askedOf(request);
  if (asked === null) return dunno;
  try {
    return answerOf(judge("policy", asked, house));
  } catch (error) {
    // A fault of ours must not let anybody through, nor lose mail.
    house.log({ event: "fault", door: "policy", says: String(error) });
    return deferred;
  }
}
