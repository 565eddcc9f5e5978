/**
 * What is said to people who complained: short, no more than what is known, and no excuses. `{word}` is replaced by what the
 * report and the site file say (`fill.ts`). A site may put texts of its own before these (`overrides.ts`).
 */

/**
 * `corrected` and `withdrawn` admit a fault and say that it is over; `received` says whose server it was; `looking` admits
 * nothing; `account`: somebody used the login of one of our users.
 */
export const wordingNames = [
  "corrected",
  "withdrawn",
  "received",
  "looking",
  "account",
  "not-ours",
  "headers",
] as const;
export type WordingName = (typeof wordingNames)[number];

export type Wordings = Readonly<Record<WordingName, string>> & {
  /** To the CSIRT, above the answer that it is asked to pass on. */
  readonly forward: string;
};

const en: Wordings = {
  corrected: `You wrote to us about unwanted mail that reached you through our mail server {server} on {event}.

You were right. The server had been set up wrongly and passed on mail for strangers. We have corrected it, and tested on {repaired} that it refuses such mail now. No more of it should reach you from there.

We are sorry for the trouble, and thank you for telling us.`,
  withdrawn: `You wrote to us about unwanted mail that reached you through our mail server {server} on {event}.

You were right. The server had been set up wrongly and passed on mail for strangers. Since {repaired} nobody outside can reach it any more, and no more such mail should come to you from there.

We are sorry for the trouble, and thank you for telling us.`,
  received: `Your report about mail that reached you through our mail server {server} on {event} has arrived, and a person has read it. We are working on it.

We are sorry for the trouble, and thank you for telling us.`,
  looking: `Your report has arrived, and a person has read it. We are looking into whether it concerns our network, and will put a stop to it if it does.

Thank you for telling us.`,
  account: `You wrote to us about unwanted mail that reached you through our mail server {server} on {event}.

Somebody had got hold of the password of one of our users and sent the mail under that login. We are dealing with the account.

We are sorry for the trouble, and thank you for telling us.`,
  "not-ours": `You wrote to us about unwanted mail. As far as your report shows, it did not come through our network: none of the addresses that handed it on is ours, and a line that names us can be written by anybody.

Whoever runs the address that handed the mail to your own server can do something about it. The database of your regional registry (RIPE, ARIN, APNIC, LACNIC, AFRINIC) says who that is.

Thank you for taking the trouble to report it.`,
  headers: `You wrote to us about unwanted mail. We should like to find out where it came from, but cannot do so from what you sent us.

Could you please send us the mail with its complete header, best of all as an attachment? Your mail program may call this "show original", "view source" or "forward as attachment". The lines that begin with "Received:" are the ones that matter.

Thank you for taking the trouble to report it.`,
  forward: `Mail from our network is refused by the people to whom the attached answer is addressed ({to}). They reported unwanted mail that came from us.

Could you please pass the answer on to them? It is attached as it should arrive.

Thank you.`,
};

const de: Wordings = {
  corrected: `Sie haben uns auf unerwünschte E-Mail hingewiesen, die Sie am {event} über unseren Mailserver {server} erreicht hat.

Das war richtig: Der Server war falsch eingerichtet und hat E-Mail für Fremde weitergeleitet. Wir haben den Fehler behoben und am {repaired} geprüft, dass solche E-Mail nun abgewiesen wird. Auf diesem Weg sollte Sie nichts mehr erreichen.

Wir bitten um Entschuldigung und danken Ihnen für den Hinweis.`,
  withdrawn: `Sie haben uns auf unerwünschte E-Mail hingewiesen, die Sie am {event} über unseren Mailserver {server} erreicht hat.

Das war richtig: Der Server war falsch eingerichtet und hat E-Mail für Fremde weitergeleitet. Seit dem {repaired} ist er von außen nicht mehr erreichbar; auf diesem Weg sollte Sie nichts mehr erreichen.

Wir bitten um Entschuldigung und danken Ihnen für den Hinweis.`,
  received: `Ihr Hinweis auf E-Mail, die Sie am {event} über unseren Mailserver {server} erreicht hat, ist angekommen und wurde gelesen. Wir arbeiten daran.

Wir bitten um Entschuldigung und danken Ihnen für den Hinweis.`,
  looking: `Ihr Hinweis ist angekommen und wurde gelesen. Wir prüfen, ob unser Netz betroffen ist, und stellen es ab, falls es so ist.

Vielen Dank für den Hinweis.`,
  account: `Sie haben uns auf unerwünschte E-Mail hingewiesen, die Sie am {event} über unseren Mailserver {server} erreicht hat.

Jemand hatte sich das Passwort eines unserer Benutzer verschafft und unter dessen Anmeldung E-Mail verschickt. Wir kümmern uns um das Konto.

Wir bitten um Entschuldigung und danken Ihnen für den Hinweis.`,
  "not-ours": `Sie haben uns auf unerwünschte E-Mail hingewiesen. Nach dem, was Ihre Meldung zeigt, kam sie nicht über unser Netz: Keine der Adressen, die sie weitergegeben haben, gehört uns, und eine Zeile mit unserem Namen kann jeder schreiben.

Etwas dagegen tun kann, wer die Adresse betreibt, von der Ihr eigener Server die E-Mail bekam. Wer das ist, steht in der Datenbank Ihrer Registrierungsstelle (RIPE, ARIN, APNIC, LACNIC, AFRINIC).

Vielen Dank für Ihre Mühe.`,
  headers: `Sie haben uns auf unerwünschte E-Mail hingewiesen. Wir möchten gerne herausfinden, woher sie kam, können das aber nach Ihren Angaben nicht.

Könnten Sie uns die E-Mail bitte mit ihrem vollständigen Kopf schicken, am besten als Anhang? Ihr Mailprogramm nennt das vielleicht „Original anzeigen“, „Quelltext“ oder „Als Anhang weiterleiten“. Es kommt auf die Zeilen an, die mit „Received:“ beginnen.

Vielen Dank für Ihre Mühe.`,
  forward: `E-Mail aus unserem Netz wird dort abgewiesen, wohin die angehängte Antwort gerichtet ist ({to}). Von dort wurde unerwünschte E-Mail gemeldet, die von uns kam.

Könnten Sie die Antwort bitte weitergeben? Sie ist so angehängt, wie sie ankommen soll.

Vielen Dank.`,
};

/** By language (RFC 5646). */
export const builtIn: Readonly<Record<string, Wordings>> = { en, de };
