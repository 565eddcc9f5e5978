/** What each key of `site.yaml` means, for `docs/site.md`. A test asks for a line for every key of the schema. */

export const siteKeys: Readonly<Record<string, string>> = {
  name: "What the organisation is called. It stands in every probe message, and names the store.",
  domains:
    "Internal mail addresses: those in these domains. Write sub-domains out; `*.x` takes all below x, also those whose mail goes elsewhere.",
  networks:
    "Internal clients: those at these addresses. They may send mail anywhere, so nothing that is not yours. Wider than /8 or /19 (IPv6) is refused.",
  mailers: "The mailers that you manage: what `check` tests if no target is named.",
  "mailers[].name": "Your name for it. `fencepost check NAME` tests it.",
  "mailers[].host": "Its host name. Without addresses, those that DNS gives are tested.",
  "mailers[].addresses": "Where it is reached from outside. IPv4 and IPv6 are tested apart.",
  "mailers[].ports":
    "Its ports, each with its role: 25 and 2525 take mail (`mx`), 465 and 587 take logins (`submission`); a `smarthost` serves named machines.",
  "mailers[].domains": "The domains that it serves, if not all of the site's.",
  "mailers[].product": "What it runs, if you know.",
  "mailers[].acceptFrom":
    "Who alone may deliver to it: the prefixes of a hosted gateway. Others, the tester among them, are expected to be refused.",
  "mailers[].inside": "Its addresses behind NAT.",
  "mailers[].sendsFrom":
    "The addresses that others see when it sends. Mail that comes out there did not take another hop.",
  "mailers[].handsTo": "Mailers of yours that it hands mail on to.",
  policy: "What you allow your own clients.",
  "policy.internalToInternal":
    "May internal clients send to internal addresses: everyone, only managed mailers, nobody.",
  "policy.internalSenderOnly": "Whether mail to outside must have a sender of yours. It never grants anything.",
  "policy.outboundPort25": "Whether clients other than managed mailers may reach port 25 outside.",
  "policy.auth":
    "`refuse`: nobody gets a login, so one that succeeds makes nobody internal. `upstream`: as `permit`, and `guard proxy` passes logins on to the mailer behind it, once that has refused a made-up one.",
  contacts: "Whom to ask.",
  "contacts.abuse": "Who answers reports of abuse. Default: the postmaster, else abuse at the first domain.",
  "contacts.postmaster": "Named in every probe message.",
  "contacts.csirt": "Your incident response team.",
  "contacts.tester": "Who runs these tests.",
  check: "What the tester needs to know.",
  "check.localRecipient":
    "A mailbox of yours that takes mail from outside. Controls and a few probes write to it. Default: postmaster at the mailer's first domain.",
  "check.control":
    "A listener elsewhere, with its owner's consent. If it answers, our network lets port 25 out, and the silence of a target is its own.",
  "check.clientCertificate": "A PEM file with certificate and key, for the probes that present one.",
  catcher: "Where proof arrives: outside the site, or it proves nothing.",
  "catcher.domain": "The catch domain. Its MX, and that of all names below it, lead to the catcher.",
  "catcher.listen": "Where the catcher listens on this machine.",
  "catcher.address": "Where others reach it.",
  "catcher.senderDomain":
    "The domain of the probes' senders, if not the catch domain. Its SPF record should let the tester send.",
  "catcher.backupDomain":
    "A domain whose MX records are the catcher and, after it, the target: tests a backup MX that relays for whoever names it.",
  mail: "How the site's own mail is sent and read. Not used by `check`.",
  "mail.submit": "Where mail of ours is handed in.",
  "mail.alternative": "A route through somebody else's network, for those who refuse ours.",
  "mail.abuseMailbox": "Where complaints arrive.",
  "mail.passwordFile":
    "The file that holds the password of all three, or a line each: submit=…, alternative=…, abuseMailbox=…. It never stands in the URL.",
  "mail.wordings": "A YAML file with answers to reports in your own words (docs/complaints.md).",
  "mail.language": "The language of letters and answers.",
  recipients: "A file of valid recipients, one a line.",
  hostedMx: "MX hosts that a provider runs. They are never tested.",
};
