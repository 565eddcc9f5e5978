/** What the text fields of a session are, once a product has read its addresses in its own way. Pure. */
import type { Session, TextField } from "./rules.ts";

/** The addresses of a session as the mailer reads them; null: there is none, or it is none for this mailer. */
export interface SessionAddresses {
  readonly sender: { readonly address: string; readonly domain: string } | null;
  readonly recipient: { readonly localPart: string; readonly domain: string } | null;
}

export function sessionText(
  { client, helo }: Session,
  field: TextField,
  { sender, recipient }: SessionAddresses,
): string | null {
  switch (field) {
    case "helo":
      return helo;
    case "sender":
      return sender?.address ?? null;
    case "sender-domain":
      return sender?.domain ?? null;
    case "recipient":
      return recipient === null ? null : `${recipient.localPart}@${recipient.domain}`;
    case "recipient-local-part":
      return recipient?.localPart ?? null;
    case "recipient-domain":
      return recipient?.domain ?? null;
    case "client-name":
      return client.name;
    case "client-reverse-name":
      return client.reverseName;
  }
}

/** Behind the last `@`; the whole, where there is none. */
export function senderOf(reversePath: string): { readonly address: string; readonly domain: string } {
  const address = reversePath.replace(/^<|>$/g, "");
  return { address, domain: address.slice(address.lastIndexOf("@") + 1) };
}
