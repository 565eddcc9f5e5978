/** Network ACLs of AWS. */
import type { Platform } from "../../platform.ts";
import { readAwsNacl } from "./read.ts";
import { renderAwsNacl } from "./render.ts";

export const awsNacl = {
  id: "aws-nacl",
  title: "AWS network ACLs",
  versions: "JSON of the AWS CLI 2, CloudFormation templates in JSON",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "Internet",
  inside: null,
  residuals: ["AWS stops outgoing port 25 of most accounts by itself, which no ACL shows."],
  read: readAwsNacl,
  render: renderAwsNacl,
} as const satisfies Platform;
