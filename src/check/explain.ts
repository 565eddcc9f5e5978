/** From what was tried to findings: what was seen, why it matters, what to change. Pure. */
import { bySeverity, type Finding } from "../finding/finding.ts";
import type { Product } from "../knowledge/product.ts";
import type { Remedy } from "../knowledge/remedy.ts";
import { formatReply } from "../smtp/reply.ts";
import { type CheckTag, finding, type Seen } from "./findings.ts";
import type { ControlResult, Verdict } from "./result.ts";
import { senderOf, variesSenderOnly } from "./stages.ts";
import type { Tried } from "./tried.ts";
import { hasReturnedTwin } from "./verdict.ts";

export function findingsOf(
  subject: string,
  tried: readonly Tried[],
  controls: readonly ControlResult[],
  product: Product | null,
  remedies: readonly Remedy[],
  verdict: Verdict,
): Finding[] {
  const found: Finding[] = [];

  function remedyOf(one: Tried): string {
    const key = one.instance.probe.remedy;
    const general = remedies.find((remedy) => remedy.id === key);
    const own = product?.remedies?.[key];
    if (own !== undefined && product !== null) return `${own} (${product.configuration.files.slice(0, 2).join(", ")})`;
    return general?.text ?? "";
  }

  function report(tag: CheckTag, all: readonly Tried[], key: string, more: Partial<Seen> = {}): void {
    const [first] = all;
    if (first === undefined) return;
    const seen = {
      subject,
      probe: first.instance.name,
      title: first.instance.probe.title,
      reply: first.reply === null ? "" : formatReply(first.reply),
      exit: first.proof?.exit ?? first.bounce?.exit ?? "",
      count: all.length,
      remedy: remedyOf(first),
      ...more,
    };
    found.push(
      finding(
        tag,
        seen,
        key,
        all.map((one) => one.instance.name),
      ),
    );
  }

  const judgedOutside = tried.filter((one) =>
    ["relay", "routing", "sender-form", "login", "injection"].includes(one.instance.probe.judge),
  );
  const with_ = (outcome: string): readonly Tried[] => judgedOutside.filter((one) => one.outcome === outcome);
  const strangers = verdict === "open" || verdict === "suspect";

  if (strangers) {
    const relayed = tried.filter((one) => one.outcome === "relayed");
    const holes = relayed.filter((one) => !isOwedToSender(one, relayed));
    for (const probeClass of new Set(holes.map((one) => one.instance.probe.class)))
      report(
        "RELAY_DELIVERED",
        holes.filter((one) => one.instance.probe.class === probeClass),
        probeClass,
      );
    const exits = new Set(relayed.filter((one) => one.proof?.multihop === true).map((one) => one.proof!.exit));
    for (const exit of exits)
      report(
        "RELAY_CHAIN",
        relayed.filter((one) => one.proof?.exit === exit),
        exit,
      );
    const hidden = tried.filter((one) => one.clientSeenAs !== null);
    report("CLIENT_HIDDEN", hidden, "", { extra: hidden[0]?.clientSeenAs ?? "" });
    report(
      "RELAY_ACCEPTED",
      with_("accepted").filter((one) => one.explainedBy === null),
      "",
    );
    report(
      "RELAY_SILENT",
      with_("silent").filter((one) => !hasReturnedTwin(tried, one)),
      "",
    );
  }
  report(
    "OUTSIDE_DEFERRED",
    with_("deferred").filter((one) => one.instance.probe.class === "plain"),
    "",
  );
  const bounced = tried.filter((one) => one.bounce !== null);
  report(
    "BACKSCATTER",
    bounced.filter((one) => one.bounce?.how === "report"),
    "",
  );
  report(
    "AUTOMATIC_REPLY",
    bounced.filter((one) => one.bounce?.how === "reply"),
    "",
  );
  for (const [shows, tag] of [
    ["login-believed", "LOGIN_BELIEVED"],
    ["injection-believed", "IDENTITY_BELIEVED"],
    ["auth-in-clear", "AUTH_IN_CLEAR"],
    ["starttls-injection", "STARTTLS_INJECTION"],
    ["smuggling-accepted", "SMUGGLING_ACCEPTED"],
    ["subdomain-accepted", "SUBDOMAIN_ACCEPTED"],
    ["denied-temporarily", "RELAY_DENIED_TEMPORARILY"],
  ] as const)
    report(
      tag,
      tried.filter((one) => one.shows === shows),
      "",
    );

  for (const control of controls.filter((one) => one.at === "start")) {
    const code = control.reply?.code ?? 0;
    const reply =
      control.reply === null
        ? "no answer"
        : formatReply({ code, enhanced: control.reply.enhanced ?? null, text: control.reply.text });
    if (control.id === "ctl-local-accept" && !control.passed)
      found.push(
        finding(
          "LOCAL_RECIPIENT_REFUSED",
          { subject, reply, extra: control.expected.replace(/^that | is accepted$/g, "") },
          "",
          [],
        ),
      );
    if (control.id === "ctl-local-unknown" && code >= 200 && code < 300)
      found.push(finding("UNKNOWN_RECIPIENT_ACCEPTED", { subject, extra: "its own domain" }, "", []));
    if (control.id === "ctl-accept-all" && code >= 200 && code < 300 && verdict !== "open")
      found.push(
        finding(
          "ACCEPTS_EVERYTHING",
          { subject, remedy: remedies.find((one) => one.id === "F19")?.text ?? "" },
          "",
          [],
        ),
      );
  }
  report(
    "TESTER_REFUSED",
    tried.filter((one) => one.outcome === "tester-refused"),
    "",
  );
  return found.sort(bySeverity);
}

/**
 * Whether it got through only because of its sender: with the same reverse-path the plainest recipient did too, so it
 * says nothing of HELO names, routing syntax or encryption, and their remedies would mislead.
 */
function isOwedToSender(one: Tried, relayed: readonly Tried[]): boolean {
  if (["plain", "sender"].includes(one.instance.probe.class)) return false;
  const sender = senderOf(one.instance);
  return sender !== null && relayed.some(({ instance }) => variesSenderOnly(instance) && senderOf(instance) === sender);
}
