/** Network security groups of Azure. */
import type { Platform } from "../../platform.ts";
import { readAzureNsg } from "./read.ts";
import { renderAzureNsg } from "./render.ts";

export const azureNsg = {
  id: "azure-nsg",
  title: "Azure network security groups",
  versions: "JSON of az network nsg, ARM templates in JSON",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "Internet",
  inside: null,
  residuals: ["Azure stops outgoing port 25 of most subscriptions by itself, which no group shows."],
  read: readAzureNsg,
  render: renderAzureNsg,
} as const satisfies Platform;
