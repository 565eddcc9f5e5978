/**
 * The part of a name that one organisation holds, as well as it can be told without the list of public suffixes: the last
 * two labels, three below `ac.uk`, `com.br` and the like. Good enough to say "of the same house", never to say "not".
 */
const secondLevel =
  /^(ac|co|com|edu|gov|gob|gouv|net|org|or|ne|go|mil|nhs|sch|ltd|plc|me|govt|web|nom|gen|id|info|firm)$/;

export function organisationOf(name: string): string | null {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".");
  const [first, second] = [labels.at(-1), labels.at(-2)];
  if (first === undefined || second === undefined || !/[a-z]/.test(first)) return null;
  const house = labels.slice(first.length === 2 && secondLevel.test(second) ? -3 : -2).join(".");
  return sameHouse[house] ?? house;
}

/** Other names under which a provider's servers write of themselves. */
const sameHouse: Readonly<Record<string, string>> = {
  "office365.com": "outlook.com",
  "hotmail.com": "outlook.com",
  "live.com": "outlook.com",
  "microsoft.com": "outlook.com",
  "googlemail.com": "google.com",
  "gmail.com": "google.com",
  "yahoodns.net": "yahoo.com",
  "icloud.com": "apple.com",
  "me.com": "apple.com",
  "gmx.de": "gmx.net",
  "web.de": "gmx.net",
};
