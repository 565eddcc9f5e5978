/**
 * The message stage: proves, with as few messages as it takes, which of the accepted recipients are really passed on.
 * Recipients that share HELO and reverse-path go in one transaction, each with its token. After the first proof only
 * as many more messages follow as it takes to learn which rule is broken.
 */
import { isPositive, isTransient } from "../smtp/reply.ts";
import type { Instance, RenderedPath, RenderedStep } from "./expand.ts";
import type { MessageToSend } from "./player.ts";
import { isSimple, type Talker } from "./talk.ts";
import { explained, type Tried } from "./tried.ts";

/** RFC 5321 §4.5.3.1.8: a server must take at least 100 recipients; many take fewer, few take less than 50. */
const maxRecipients = 50;

export interface DeliveryPorts {
  readonly talker: Talker;
  readonly compose: (instance: Instance, covered: readonly string[], headers: readonly string[]) => MessageToSend;
  readonly may: (paths: readonly RenderedPath[]) => Promise<boolean>;
  /** Looks at the catcher until this many milliseconds have passed, or all that was sent is accounted for. */
  readonly collect: (atMostMs: number) => Promise<void>;
  readonly onSent: () => void;
}

interface Group {
  readonly first: Tried;
  readonly rest: readonly Tried[];
}

/** While nothing is known of the other classes, a refused group shows as much by two of its recipients as by fifty. */
const fewSingles = 2;

/** How long the first message is waited for before the next are sent. */
const firstLookMs = 5000;

/** @returns how many messages were sent */
export async function deliver(
  accepted: readonly Tried[],
  budget: number,
  waitMs: number,
  ports: DeliveryPorts,
): Promise<number> {
  let sent = 0;

  /** @param singles how many of a refused group are sent singly now: a mailer that refuses all must not spend the budget on one class */
  async function send(group: Group, singles: number): Promise<void> {
    if (sent >= budget) return;
    const counted = await sendGroup(group, Math.min(budget - sent, 1 + singles), ports);
    sent += counted;
    if (counted > 0) ports.onSent();
  }

  // One recipient that may get no message must not keep the others of its group from one.
  for (const tried of accepted) if (!(await ports.may(recipientsOf(tried.instance)))) tried.reason = notAllowed;

  const open = (tried: Tried): boolean => tried.outcome === "accepted" && !tried.sent && tried.reason === null;
  const relayedIn = (probeClass: string | null): Tried | undefined =>
    accepted.find(
      (tried) => tried.outcome === "relayed" && (probeClass === null || tried.instance.probe.class === probeClass),
    );

  // First the plainest of what was accepted. If that is passed on, everything is, and no more needs to be shown.
  const plain = groupsOf(accepted.filter(open)).find((group) => [group.first, ...group.rest].some(isPlain));
  if (plain !== undefined) {
    await send(plain, fewSingles);
    await ports.collect(Math.min(firstLookMs, waitMs));
    const proof = accepted.find((tried) => isPlain(tried) && tried.outcome === "relayed");
    if (proof !== undefined) {
      for (const tried of accepted) if (open(tried)) explain(tried, proof);
      return sent;
    }
  }
  // A mailer that decides by the header has said yes to everything so far, and says no to every other message.
  for (const group of groupsOf(accepted.filter(open))) if (hasHeaders(group.first)) await send(group, 0);
  // Then one group for each class that nothing has shown yet.
  for (const probeClass of new Set(accepted.filter(open).map((tried) => tried.instance.probe.class))) {
    const group = groupsOf(accepted.filter(open)).find((one) => one.first.instance.probe.class === probeClass);
    if (group !== undefined) await send(group, fewSingles);
  }
  if (sent > 0) await ports.collect(Math.min(firstLookMs, waitMs));
  // Then what is left of the classes without proof.
  for (const group of groupsOf(accepted.filter(open))) {
    const proof = relayedIn(group.first.instance.probe.class);
    if (proof === undefined) await send(group, budget);
    else for (const tried of [group.first, ...group.rest]) if (open(tried)) explain(tried, proof);
  }
  for (const tried of accepted) if (open(tried)) tried.reason = "not sent: the run's message budget is spent";
  return sent;
}

function explain(tried: Tried, proof: Tried): void {
  tried.explainedBy = proof.instance.name;
  tried.reason = `not sent: ${explained(proof.instance.name)}`;
}

export function isPlain(tried: Tried): boolean {
  return tried.instance.probe.class === "plain" && tried.instance.probe.judge === "relay";
}

function hasHeaders({ instance }: Tried): boolean {
  return instance.steps.some((step) => "message" in step && step.message.headers !== undefined);
}

/** Accepted instances by what they share; those that need steps of their own stand alone. */
function groupsOf(accepted: readonly Tried[]): readonly Group[] {
  const shared = new Map<string, Tried[]>();
  for (const tried of accepted) {
    const { steps } = tried.instance;
    const recipients = steps.filter((step) => "rcpt" in step).length;
    const key =
      isSimple(steps) && recipients === 1
        ? JSON.stringify(beforeRecipient(steps)).replaceAll(tried.instance.token, "*")
        : tried.instance.name;
    shared.set(key, [...(shared.get(key) ?? []), tried]);
  }
  return [...shared.values()].flatMap((all) => {
    const groups: Group[] = [];
    for (let at = 0; at < all.length; at += maxRecipients)
      groups.push({ first: all[at]!, rest: all.slice(at + 1, at + maxRecipients) });
    return groups;
  });
}

/** Why an accepted recipient got no message. */
export const notAllowed = "no message sent: not every host named in the recipient is the catcher's or the target's";

const recipientsOf = (instance: Instance): readonly RenderedPath[] =>
  instance.steps.flatMap((step) => ("rcpt" in step ? [step.rcpt] : []));

const beforeRecipient = (steps: readonly RenderedStep[]): readonly RenderedStep[] =>
  steps.filter((step) => !("rcpt" in step));

function recipientOf(instance: Instance): RenderedPath {
  const step = instance.steps.findLast((one) => "rcpt" in one);
  return step !== undefined && "rcpt" in step ? step.rcpt : "";
}

/** Sends one message to a group; if the server refuses it at the end, each alone. Counts the messages tried. */
async function sendGroup(group: Group, budget: number, ports: DeliveryPorts): Promise<number> {
  const all = [group.first, ...group.rest];
  const { instance } = group.first;
  const headers = instance.steps.flatMap((step) => ("message" in step ? (step.message.headers ?? []) : []));
  const message = ports.compose(
    instance,
    all.map((tried) => tried.instance.name),
    headers,
  );
  const sent = await ports.talker.send(
    instance,
    group.rest.map((tried) => recipientOf(tried.instance)),
    message,
    ports.may,
  );
  const took = sent.stage === "dot" && sent.reply !== null && isPositive(sent.reply);
  const again: Tried[] = [];
  for (const [index, tried] of all.entries()) {
    const recipient = sent.recipients[index] ?? null;
    const accepted = recipient !== null && isPositive(recipient);
    // One transaction is evidence once; the others point to it.
    const message = index === 0 ? sent.transcript : `*: in one transaction with ${instance.name}`;
    tried.transcript = `${tried.transcript}\n*: the message\n${message}`;
    if (took && accepted) {
      tried.sent = true;
      tried.stage = "dot";
      tried.reply = sent.reply;
    } else if (accepted && sent.stage === "dot" && sent.reply === null) {
      // The message left, and its reply did not come: it may have been taken, and may still arrive.
      tried.sent = true;
      tried.stage = "dot";
      tried.reply = null;
    } else if (accepted && !sent.tried) {
      tried.reason = notAllowed;
    } else if (all.length > 1) again.push(tried);
    else settle(tried, sent.stage, accepted ? sent.reply : (recipient ?? sent.reply));
  }
  let count = sent.tried ? 1 : 0;
  for (const tried of again) {
    if (count >= budget) break;
    count += await sendGroup({ first: tried, rest: [] }, budget - count, ports);
  }
  return count;
}

/** The recipient, accepted before, was refused when a message was to follow. */
function settle(tried: Tried, stage: string, reply: Tried["reply"]): void {
  if (reply === null) {
    tried.reason = "accepted at RCPT; the connection was lost when a message was sent";
    return;
  }
  tried.stage = stage;
  tried.reply = reply;
  tried.outcome = isTransient(reply) ? "deferred" : "refused";
  tried.reason = `accepted at RCPT, then refused at ${stage.toUpperCase()}`;
}
