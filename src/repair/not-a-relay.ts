/**
 * Listed or complained of, but closed, and never seen open: spam left it by another way. A stolen login, an infected host
 * or a form on the web is found in the mailer's own log, not by testing. Pure.
 */
import type { Known } from "./known.ts";
import type { Action, NotARelay } from "./result.ts";
import { here } from "./steps/draft.ts";

type Cause = NotARelay["causes"][number];

/** Null: it relays, may relay, did so, or nobody complains. */
export function notARelay(known: Known): NotARelay | null {
  const { stands, lastOpen, abusedAt, listed, abuses, said } = known;
  if ((stands.is !== "closed" && stands.is !== "withdrawn") || lastOpen !== null || abusedAt === null) return null;
  const cause = said("cause");
  return {
    because: `${[
      listed.length === 0 ? "" : `${listed.length} ${listed.length === 1 ? "list holds" : "lists hold"} it`,
      abuses.length === 0 ? "" : `${abuses.length} ${abuses.length === 1 ? "incident is" : "incidents are"} reported`,
    ]
      .filter((words) => words !== "")
      .join(", ")}, and no test got a stranger's mail through it.`,
    causes: [...causes(known)],
    // Named before the newest listing or report, it explains the older ones only.
    named: cause !== null && cause.at > abusedAt ? cause : null,
  };
}

/** What says so, when it was found. */
export function causeLine({ line, records }: Known): Action {
  return here(
    line("status", "--mailer", records.mailer.name, "--cause", "WHAT it was, and what was done"),
    "Name the cause once it is found: removal from the lists goes by it",
  );
}

function causes(known: Known): readonly Cause[] {
  const all: readonly Cause[] = [
    {
      cause: "stolen-login",
      says: "Somebody sends with a stolen password: one account, many recipients, from strange places. Change its password, end its sessions, delete what it queued.",
      hint: hintOf(known, "stolen-account"),
      actions: logLines(known, "login"),
    },
    {
      cause: "infected-host",
      says: "A machine inside sends through the mailer, or past it through the same outside address. Find it by its address in the log, take it off the network, and let only the mailers reach port 25 outside.",
      hint: hintOf(known, "infected-host"),
      actions: [
        ...logLines(known, "client"),
        here(known.line("filters", "conditions"), "What the site's users are told about port 25 and infected machines"),
      ],
    },
    {
      cause: "web-form",
      says: "A form or script on the mailer itself sends what strangers enter, or was planted there. Find the user or script that submits locally, and close it.",
      hint: null,
      actions: logLines(known, "local"),
    },
    {
      cause: "mended-before",
      says: "It was an open relay, and was mended before Fencepost first tested it. Say so as the cause, with the day.",
      hint: hintOf(known, "open-relay"),
      actions: [],
    },
  ];
  return [...all.filter(({ hint }) => hint !== null), ...all.filter(({ hint }) => hint === null)];
}

function hintOf({ abuses }: Known, cause: string): string | null {
  const reports = abuses.filter((one) => one.cause === cause).reduce((sum, one) => sum + one.reports, 0);
  return reports === 0 ? null : `${reports} ${reports === 1 ? "report tells" : "reports tell"} of it`;
}

const says = {
  login: "Who sent most, by login",
  client: "Who sent most, by address",
  local: "Who submitted locally, by user",
} as const;

const top = "sort | uniq -c | sort -rn | head";

/** Where a product's own log tells it, as Debian and the documents of each name the file. */
const logs: Readonly<Record<string, Readonly<Record<keyof typeof says, string>>>> = {
  postfix: {
    login: `grep -oh 'sasl_username=[^, ]*' /var/log/mail.log | ${top}`,
    client: `grep -oh 'smtpd.*: client=[^, ]*' /var/log/mail.log | sed 's/.*client=//' | ${top}`,
    local: `grep -oh 'pickup.*uid=[0-9]*' /var/log/mail.log | sed 's/.*uid=//' | ${top}`,
  },
  exim: {
    login: `grep -oh ' A=[^ ]*' /var/log/exim4/mainlog | ${top}`,
    client: `grep -h ' <= ' /var/log/exim4/mainlog | grep -o ' H=.*\\[[0-9a-f.:]*\\]' | ${top}`,
    local: `grep -oh ' U=[^ ]* P=local' /var/log/exim4/mainlog | ${top}`,
  },
  sendmail: {
    login: `grep -oh 'authid=[^, ]*' /var/log/mail.log | ${top}`,
    client: `grep -oh 'from=.*relay=.*' /var/log/mail.log | sed 's/.*relay=//' | ${top}`,
    local: `grep -oh 'from=[^,]*,.*relay=[^@ ]*@localhost' /var/log/mail.log | sed 's/.*relay=//' | ${top}`,
  },
};

function logLines({ records }: Known, what: keyof typeof says): Action[] {
  const run = logs[records.mailer.product?.id ?? ""]?.[what] ?? null;
  return [{ on: "mailer", run, says: run === null ? `${says[what]}: count it in the mailer's log` : says[what] }];
}
