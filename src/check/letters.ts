/** The messages of a run against one target: what they say, and whether these recipients may get one. */
import { formatIp } from "../net/ip.ts";
import type { Clock, Resolver } from "../ports.ts";
import { formatLiteral } from "../smtp/literal.ts";
import type { Instance, RenderedPath } from "./expand.ts";
import { composeMessage } from "./message.ts";
import type { MessageToSend, RenderedMessage } from "./player.ts";
import { mayReceive, type RecipientRule } from "./recipients.ts";
import type { CheckRequest, CheckTarget } from "./request.ts";
import type { Surroundings } from "./surroundings.ts";

const properEnd = "\r\n.\r\n";

export interface Letters {
  /** One message for these instances, with extra header fields. */
  compose(instance: Instance, covered: readonly string[], headers: readonly string[]): MessageToSend;
  /** The message that a row writes itself. */
  composeStep(instance: Instance, message: RenderedMessage): MessageToSend;
  /** Whether all of these may be sent a message. */
  may(paths: readonly RenderedPath[], signal: AbortSignal): Promise<boolean>;
}

export function letters(
  target: CheckTarget,
  request: CheckRequest,
  surroundings: Surroundings,
  ports: { readonly clock: Clock; readonly resolver: Resolver },
): Letters {
  const { catcher } = request;
  const facts = {
    runId: request.runId,
    senderDomain:
      catcher.senderDomain ??
      catcher.domain ??
      (catcher.address === null ? "fencepost.invalid" : formatLiteral(catcher.address)),
    target: `${formatIp(target.address)} port ${target.port}`,
    operator: request.operator,
    contact: request.contact,
    authorisation: request.authorisation,
    key: request.key,
  };
  const rule: RecipientRule = {
    catchDomains: [catcher.domain, catcher.backupDomain, catcher.senderDomain].filter((domain) => domain !== null),
    catcherAddresses: [catcher.address, catcher.address6].filter((address) => address !== null),
    catcherHosts: [catcher.host].filter((host) => host !== null),
    targetNames: namesOf(target, surroundings),
    localRecipient: target.localRecipient,
    resolver: ports.resolver,
    tokens: request.tokens,
  };
  const content = (instance: Instance, covered: readonly string[], headers: readonly string[]): string =>
    composeMessage(instance, covered, { ...facts, at: ports.clock.now() }, headers);

  return {
    compose: (instance, covered, headers) => ({
      content: content(instance, covered, headers),
      end: properEnd,
      tail: null,
    }),
    composeStep: (instance, message) => ({
      content: content(instance, [instance.name], message.headers ?? []),
      end: message.end === undefined ? properEnd : Buffer.from(message.end, "hex").toString("latin1"),
      tail: message.tail ?? null,
    }),
    async may(paths, signal) {
      for (const path of paths) {
        const text = typeof path === "string" ? path : path.line.replace(/^[^:]*:/, "");
        if (!(await mayReceive(text, rule, signal))) return false;
      }
      return true;
    },
  };
}

/** Every name by which mail might be taken to be for the target itself, in lower case. */
function namesOf(target: CheckTarget, { bannerHost, rdns }: Surroundings): readonly string[] {
  const addresses = [target.address, ...target.sameMailer];
  return [
    ...target.domains,
    target.hostName ?? "",
    bannerHost ?? "",
    ...rdns,
    ...["localhost", "localhost.localdomain", "[127.0.0.1]", "127.0.0.1"],
    ...addresses.flatMap((address) => [formatIp(address), formatLiteral(address)]),
  ]
    .map((name) => name.toLowerCase().replace(/\.$/, ""))
    .filter((name) => name !== "");
}
