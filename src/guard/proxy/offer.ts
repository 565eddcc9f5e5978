/** What the proxy offers in its EHLO reply: what it can do itself, and of the upstream's what passes through it. Pure. */
import type { Extensions } from "../../smtp/ehlo.ts";
import { type Reply, reply } from "../../smtp/reply.ts";
import type { SessionOptions } from "../../smtp/session.ts";
import { xclientKeyword } from "./client.ts";

/** Extensions that are parameters of MAIL and RCPT, or content that passes as it is. */
const passing = ["SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "ENHANCEDSTATUSCODES"] as const;

/** Those that an AUTH probe can try with a made-up login. */
const mechanisms = ["PLAIN", "LOGIN"] as const;

interface Situation {
  readonly hostName: string;
  readonly upstream: Extensions;
  readonly startTls: boolean;
  readonly xclient: boolean;
  /** Whether logins are passed on to this client. */
  readonly logins: boolean;
}

/** As Postfix: so many refused commands, and so many recipients. */
const maxErrors = 20;
const maxRecipients = 1000;

export function sessionOptions({ hostName, upstream, startTls, xclient, logins }: Situation): SessionOptions {
  const offered = upstream.get("AUTH") ?? [];
  return {
    hostName,
    greeting: "ESMTP",
    startTls,
    mechanisms: logins ? mechanisms.filter((name) => offered.includes(name)) : [],
    keywords: [
      "PIPELINING",
      ...passing.flatMap((name) => {
        const parameters = upstream.get(name);
        return parameters === undefined ? [] : [[name, ...parameters].join(" ")];
      }),
      ...(xclient ? [xclientKeyword] : []),
    ],
    // The upstream knows how much it takes; nothing is kept here.
    maxBytes: Number.MAX_SAFE_INTEGER,
    maxRecipients,
    maxErrors,
    extraVerbs: xclient ? ["XCLIENT"] : [],
    ...(upstream.has("CHUNKING") ? { chunking: true } : {}),
  };
}

export function offer(options: SessionOptions, tls: boolean): Reply {
  const lines = [
    options.hostName,
    ...options.keywords,
    ...(options.startTls && !tls ? ["STARTTLS"] : []),
    ...(options.mechanisms.length > 0 ? [`AUTH ${options.mechanisms.join(" ")}`] : []),
  ];
  return reply(250, null, lines.join("\n"));
}
