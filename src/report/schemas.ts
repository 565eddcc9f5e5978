/** The JSON documents that commands print, as published schemas (`schemas/`, made again by `vitest run -u src/report`). */
import { z } from "zod";
import { auditDocumentSchema } from "../audit/result.ts";
import { checkDocumentSchema } from "../check/result.ts";
import { repliesDocumentSchema } from "../complaints/reply/result.ts";
import { complaintsDocumentSchema } from "../complaints/result.ts";
import { filterDocumentSchema, queryDocumentSchema } from "../filters/result.ts";
import { disputeDocumentSchema } from "../lists/dispute-result.ts";
import { refusalsSchema } from "../lists/refusals/result.ts";
import { removalDocumentSchema } from "../lists/removal-result.ts";
import { listsDocumentSchema } from "../lists/result.ts";
import { briefDocumentSchema } from "../repair/brief-result.ts";
import { statusDocumentSchema } from "../repair/result.ts";
import { sweepDocumentSchema } from "../sweep/result.ts";
import { catalogueSchema } from "./results/catalogue.ts";
import { doctorSchema } from "./results/doctor.ts";
import { renderSchema } from "./results/filters.ts";
import { guardReportSchema } from "./results/guard.ts";
import { historySchema } from "./results/history.ts";
import { initSchema } from "./results/init.ts";
import { publishSchema } from "./results/publish.ts";

export const documentSchemas = {
  audit: auditDocumentSchema,
  brief: briefDocumentSchema,
  catalogue: catalogueSchema,
  check: checkDocumentSchema,
  complaints: complaintsDocumentSchema,
  "complaints-replies": repliesDocumentSchema,
  doctor: doctorSchema,
  filters: filterDocumentSchema,
  "filters-query": queryDocumentSchema,
  "filters-render": renderSchema,
  "guard-report": guardReportSchema,
  history: historySchema,
  init: initSchema,
  lists: listsDocumentSchema,
  "lists-dispute": disputeDocumentSchema,
  "lists-removal": removalDocumentSchema,
  "lists-publish": publishSchema,
  "lists-refusals": refusalsSchema,
  status: statusDocumentSchema,
  sweep: sweepDocumentSchema,
} as const satisfies Record<string, z.ZodType>;

/** The JSON Schema of a document. Within a version documents gain fields, so it forbids none that it does not know. */
export function jsonSchemaOf(name: keyof typeof documentSchemas): unknown {
  return z.toJSONSchema(documentSchemas[name], {
    io: "output",
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
}
