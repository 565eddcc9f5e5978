/**
 * Images of containers that are mailers, or stand in front of one, by the names under which they are published. The
 * stacks' own compose files say which service publishes the ports.
 */

export const stackNames = [
  "mailcow",
  "Mailu",
  "docker-mailserver",
  "boky/postfix",
  "juanluisbaptiste/postfix",
  "catatnight/postfix",
  "postfix-relay",
  "loganmarchione/postfixrelay",
  "addy.io",
  "SimpleLogin",
] as const;
export type StackName = (typeof stackNames)[number];

interface MailerImage {
  readonly stack: StackName;
  readonly image: RegExp;
}

/** Images in which Postfix runs. */
const mailers: readonly MailerImage[] = [
  { stack: "mailcow", image: /(^|\/)mailcow\/postfix(?=[:@]|$)/ },
  { stack: "Mailu", image: /(^|\/)mailu\/[\w.-]*postfix(?=[:@]|$)/ },
  {
    stack: "docker-mailserver",
    image: /(^|\/)(docker-mailserver|mailserver|tvial)\/docker-mailserver(?=[:@]|$)/,
  },
  { stack: "boky/postfix", image: /(^|\/)(boky|bokysan)\/(docker-)?postfix(?=[:@]|$)/ },
  { stack: "juanluisbaptiste/postfix", image: /(^|\/)juanluisbaptiste\/(docker-)?postfix(?=[:@]|$)/ },
  { stack: "catatnight/postfix", image: /(^|\/)catatnight\/(docker-)?postfix(?=[:@]|$)/ },
  { stack: "postfix-relay", image: /(^|\/)(mwader|wader)\/postfix-relay(?=[:@]|$)/ },
  {
    stack: "loganmarchione/postfixrelay",
    image: /(^|\/)loganmarchione\/(docker-)?postfixrelay(?=[:@]|$)/,
  },
  { stack: "addy.io", image: /(^|\/)anonaddy\/(anonaddy|addy)(?=[:@]|$)/ },
  { stack: "SimpleLogin", image: /(^|\/)(simplelogin|simple-login)\/postfix(?=[:@]|$)/ },
];

/** The stack whose mailer this image is; `null`: none that is known. */
export function mailerImage(image: string): StackName | null {
  return mailers.find((one) => one.image.test(image))?.stack ?? null;
}

/** A front that a stack brings: which port of its own it hands to which port of the mailer, telling it the client. */
export interface Front {
  readonly image: RegExp;
  readonly hands: ReadonlyMap<number, number>;
}

export const stackFronts: Readonly<Partial<Record<StackName, Front>>> = {
  // core/nginx of Mailu: nginx's mail proxy, whose `xclient` is on. Who comes by 465 or 587 has logged in there before
  // Postfix hears of him.
  Mailu: { image: /(^|\/)mailu\/[\w.-]*nginx(?=[:@]|$)/, hands: new Map([[25, 25]]) },
};

/** Proxies that may stand before a mailer; what they do stands in their own configuration. */
export function isProxyImage(image: string): boolean {
  return /(^|\/)(haproxy|nginx|traefik|envoy|caddy)([\w-]*)(?=[:@]|$)/.test(image);
}
