// `node flags.ts URL PASSWORD`: the flags of every message of a mailbox, as a JSON line. It shares nothing with src/.
import { ImapFlow } from "imapflow";

const [url = "", pass = ""] = process.argv.slice(2);
const { hostname: host, username: user } = new URL(url);
const client = new ImapFlow({ host, port: 993, secure: true, auth: { user, pass }, logger: false });
await client.connect();
await client.mailboxOpen("INBOX", { readOnly: true });
const flags: string[][] = [];
for await (const message of client.fetch("1:*", { flags: true })) flags.push([...(message.flags ?? [])].sort());
await client.logout();
process.stdout.write(`${JSON.stringify(flags)}\n`);
