import { expect, test } from "vitest";
import { closed, documentWith, open, suspect, unknownHost } from "../../test/results/check.ts";
import { checkDocumentSchema } from "../check/result.ts";
import { documentSchemas, jsonSchemaOf } from "./schemas.ts";

for (const name of Object.keys(documentSchemas) as (keyof typeof documentSchemas)[])
  test(`schemas/${name}.json is the schema of the code`, async () => {
    await expect(`${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`).toMatchFileSnapshot(`../../schemas/${name}.json`);
  });

test("documents of tests are what check prints", () => {
  expect(checkDocumentSchema.parse(documentWith([closed, open, suspect, unknownHost]))).toBeTruthy();
});
