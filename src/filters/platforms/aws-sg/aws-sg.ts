/** Security groups of AWS. */
import type { Platform } from "../../platform.ts";
import { readAwsSg } from "./read.ts";
import { renderAwsSg } from "./render.ts";

export const awsSg = {
  id: "aws-sg",
  title: "AWS security groups",
  versions: "JSON of the AWS CLI 2, CloudFormation templates in JSON",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "Internet",
  inside: null,
  residuals: ["AWS stops outgoing port 25 of most accounts by itself, which no group shows."],
  read: readAwsSg,
  render: renderAwsSg,
} as const satisfies Platform;
