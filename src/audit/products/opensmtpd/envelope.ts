/** What the rules of smtpd look at: one recipient of one transaction. */
import { formatIp, type IpAddress } from "../../../net/ip.ts";
import type { MailAddress } from "./matching.ts";

export interface Envelope {
  readonly address: IpAddress;
  /** A destination that a table or alias named, not the client: it counts as local mail. */
  readonly internal: boolean;
  /** What reverse DNS says, confirmed or not. */
  readonly reverseName: string | null;
  readonly helo: string;
  readonly tag: string;
  readonly authenticated: boolean;
  readonly sender: MailAddress;
  readonly recipient: MailAddress;
}

export const addressText = ({ user, domain }: MailAddress): string => `${user}@${domain}`;

/** As smtpd writes an address of a client: IPv6 in brackets. */
export const clientText = (address: IpAddress): string =>
  address.family === 4 ? formatIp(address) : `[${formatIp(address)}]`;
