/** CloudFormation templates as we write them: resources with parameters, in JSON. */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Family } from "../../packet.ts";
import type { RenderJob } from "../../platform.ts";
import { stamp } from "../writing/words.ts";

export function template(
  job: RenderJob,
  parameters: Readonly<
    Record<string, { readonly Type: string; readonly Description: string; readonly Default?: string }>
  >,
  resources: Readonly<Record<string, unknown>>,
): string {
  return `${JSON.stringify(
    {
      AWSTemplateFormatVersion: "2010-09-09",
      Description: `${stamp(job, 120)}. Port 25 from outside reaches managed mailers alone.`,
      Parameters: parameters,
      Resources: resources,
    },
    null,
    2,
  )}\n`;
}

export const everyone = { 4: "0.0.0.0/0", 6: "::/0" } as const;

/** The key of an address depends on its family. */
export const cidr = (
  family: Family,
  text: string,
  keys: { readonly 4: string; readonly 6: string },
): Readonly<Record<string, string>> => ({ [keys[family]]: text });

export const cidrOf = (prefix: Prefix, keys: { readonly 4: string; readonly 6: string }) =>
  cidr(prefix.address.family, formatPrefix(prefix), keys);
