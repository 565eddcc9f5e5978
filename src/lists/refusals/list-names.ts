/**
 * What refusals call public lists, beside their zones: sites that replies point to, and names written out. A reply that
 * holds one names the list. Ids are those of the catalogue of lists.
 */

export interface ListName {
  readonly id: string;
  readonly name: string;
  /** Domain names (and all below them), or words. */
  readonly names: readonly string[];
}

export const listNames: readonly ListName[] = [
  { id: "spamhaus-zen", name: "Spamhaus", names: ["spamhaus.org", "spamhaus.net", "spamhaus.com", "spamhaus"] },
  { id: "spamhaus-sbl", name: "Spamhaus SBL", names: ["sbl.spamhaus.org"] },
  { id: "spamhaus-xbl", name: "Spamhaus XBL", names: ["xbl.spamhaus.org", "cbl.abuseat.org", "abuseat.org"] },
  { id: "spamhaus-pbl", name: "Spamhaus PBL", names: ["pbl.spamhaus.org"] },
  { id: "spamcop", name: "SpamCop", names: ["spamcop.net", "spamcop"] },
  {
    id: "barracuda",
    name: "Barracuda BRBL",
    names: ["barracudacentral.org", "barracudanetworks.com", "barracudacentral.com", "barracuda reputation"],
  },
  { id: "abusix", name: "Abusix", names: ["abusix.zone", "abusix.com", "lookup.abusix.com"] },
  { id: "psbl", name: "PSBL", names: ["psbl.org", "psbl.surriel.com"] },
  { id: "mailspike-bl", name: "Mailspike", names: ["mailspike.net", "mailspike.org", "mailspike.io"] },
  { id: "uceprotect-1", name: "UCEPROTECT", names: ["uceprotect.net", "uceprotect"] },
  { id: "backscatterer", name: "Backscatterer", names: ["backscatterer.org"] },
  { id: "sorbs", name: "SORBS (ended in 2024)", names: ["sorbs.net"] },
  { id: "spamrats-spam", name: "SpamRATS", names: ["spamrats.com"] },
  { id: "sem-black", name: "Spam Eating Monkey", names: ["spameatingmonkey.com", "spameatingmonkey.net"] },
  { id: "invaluement", name: "Invaluement", names: ["invaluement.com"] },
  { id: "senderscore", name: "Validity RPBL", names: ["senderscore.com", "senderscore.org", "senderscore.net"] },
  { id: "surbl", name: "SURBL", names: ["surbl.org"] },
  { id: "uribl", name: "URIBL", names: ["uribl.com"] },
  { id: "dronebl", name: "DroneBL", names: ["dronebl.org"] },
  { id: "nixspam", name: "NiX Spam (ended in 2025)", names: ["manitu.net"] },
  { id: "0spam", name: "0Spam", names: ["0spam.org"] },
  { id: "gbudb", name: "GBUdb Truncate", names: ["gbudb.net", "gbudb.com"] },
  { id: "s5h", name: "S5H", names: ["s5h.net"] },
  { id: "njabl", name: "NJABL (ended in 2013)", names: ["njabl.org"] },
  { id: "ahbl", name: "AHBL (ended in 2015)", names: ["ahbl.org"] },
  { id: "ordb", name: "ORDB (ended in 2006)", names: ["ordb.org"] },
  { id: "dsbl", name: "DSBL (ended in 2008)", names: ["dsbl.org"] },
];
