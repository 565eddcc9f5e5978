/** Mail services run by someone else. Their hosts are never a target: they are not the site's to test or to change. */
import { z } from "zod";

export const hostedSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  name: z.string().min(1).max(80),
  /** `mailbox`: mail ends there. `filter`: it is handed on to a mailer of the site, which can still be a relay. */
  kind: z.enum(["mailbox", "filter"]),
  /** Names of MX hosts. A leading `*` stands for one or more labels, any other for one: `inbound-smtp.*.example.com`. */
  mx: z.array(z.string().regex(/^(\*|[a-z0-9-]+)(\.(\*|[a-z0-9-]+))+\.[a-z]+$/)).min(1),
  reference: z.string().min(1).max(300),
  verified: z.iso.date(),
});
export type Hosted = z.infer<typeof hostedSchema>;

/** The service that runs this MX host. */
export function hostedService(mxHost: string, services: readonly Hosted[]): Hosted | null {
  const host = mxHost.toLowerCase().replace(/\.$/, "").split(".");
  return services.find(({ mx }) => mx.some((pattern) => matches(host, pattern.split(".")))) ?? null;
}

function matches(host: readonly string[], pattern: readonly string[]): boolean {
  const open = pattern[0] === "*";
  const tail = open ? pattern.slice(1) : pattern;
  if (open ? host.length <= tail.length : host.length !== tail.length) return false;
  const labels = host.slice(host.length - tail.length);
  return tail.every((label, at) => label === "*" || label === labels[at]);
}
