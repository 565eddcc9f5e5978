// Who has which address in the lab. Documentation prefixes only (RFC 5737, RFC 3849) and private space.

/** The site under test. */
export const site = {
  domain: "ourcollege.ac.uk",
  networks: ["10.1.1.0/24", "2001:db8:1::/48"],
} as const;

export type MailerPlace = { readonly host: string; readonly v4: string; readonly v6: string };

/** The mailer under test, and a second one behind it for chains. */
export const mailerA: MailerPlace = { host: "mx1.ourcollege.ac.uk", v4: "10.1.1.2", v6: "2001:db8:1::2" };
export const mailerB: MailerPlace = { host: "mx2.ourcollege.ac.uk", v4: "10.1.1.3", v6: "2001:db8:1::3" };

/** An honest host inside the site's networks. */
export const inside = { v4: "10.1.1.77", v6: "2001:db8:1::77" } as const;

/** The world's end of the wire: the site's router. */
export const gateway = { v4: "10.1.1.1", v6: "2001:db8:1::1" } as const;

/** A stranger: whatever runs in the world without choosing a source address. */
export const stranger = { v4: "203.0.113.9", v6: "2001:db8:99::9" } as const;

/** Another organisation whose address shares the mailers' class A network. */
export const neighbour = { v4: "10.9.9.9", v6: "2001:db8:9::9" } as const;

/** Where the tester listens for what was relayed. */
export const catcher = {
  v4: "198.51.100.25",
  v6: "2001:db8:c::25",
  domain: "catch.fencepost-tests.example",
  /** Its first MX is the catcher, its second the mailer under test. */
  backupDomain: "backup.fencepost-tests.example",
} as const;

/** Where the lab itself watches for what was relayed, without the tester's help. */
export const outsideSink = {
  v4: "198.51.100.26",
  v6: "2001:db8:c::26",
  domain: "elsewhere.example",
  /** Its first MX is the sink, its second the mailer under test. */
  backupDomain: "backup.elsewhere.example",
} as const;

export const senderDomain = "sender.fencepost-tests.example";

export const resolver = "198.51.100.53";
